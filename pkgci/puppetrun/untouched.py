"""A run that went through and yet left the host as it was. Pure."""

from __future__ import annotations

from pkgci.model.plural import counted
from pkgci.puppetrun.report import Report

_NAMED = 3  # resources
_SETTINGS = "see `puppet: {settings: …}` and `manifests: {settings: …}` in the site file, and the manifests"


def left_undone(report: Report, *, noop: bool) -> tuple[str, str] | None:
    """Why a run without failures has not done what it was for, and what to look at; None where it has.

    ``noop`` says that it was not meant to change anything.
    """
    if report.skipped and not report.evaluated:
        return f"Puppet skipped every resource ({report.skipped})", f"tags, or a schedule? {_SETTINGS}"
    if noop:
        return None
    if report.noop:
        return "Puppet ran in noop mode: it has changed nothing", f"`noop`: {_SETTINGS}"
    if report.pending:
        names = [pending.resource for pending in report.waiting]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return (
            f"Puppet left {counted(report.pending, 'resource')} as found, for noop: {', '.join(names[:_NAMED])}{more}",
            f"`noop`: {_SETTINGS}",
        )
    return None

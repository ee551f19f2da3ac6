"""``pkgci deploy-pipelines``: the Zuul layout, planned, tested by Zuul itself, and put in place of the live one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pkgci.cli.no_pipelines import tell_no_pipelines
from pkgci.cli.options import json_option, site_option
from pkgci.cli.say import say
from pkgci.errors import ExitStatus, PkgciError

if TYPE_CHECKING:
    from pkgci.model.site import Host
    from pkgci.pipelines.deploy import Plan

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
# Lines of a difference that a deployment shows; its plan shows all.
_SHOWN = 40
_DOING = {
    "test": "Zuul tests the layout",
    "reload": "Zuul reads the layout; what is queued or running goes on",
    "roll back": "Zuul does not take it: the old one comes back",
    "start": "Zuul starts",
}


@click.command(epilog="Examples: pkgci deploy-pipelines --plan, pkgci deploy-pipelines")
@site_option
@click.option("--plan", "only_plan", is_flag=True, help="Only show what would be done, and let Zuul test it.")
@json_option
@click.option("--accept-new-host-keys", is_flag=True, help="Record the key of a host seen for the first time, unasked.")
def command(site_file: Path, only_plan: bool, as_json: bool, accept_new_host_keys: bool) -> int:
    """Show how the layout differs from the live one, let Zuul test it, and make Zuul read it.

    A layout that Zuul refuses, or that needs jobs which are not deployed, never replaces the live one. Where Zuul does
    not take the new one, the old one comes back. Queued and running changes stay, unless their project or pipeline is
    gone: those are listed first, and need a yes on a terminal.

    With --plan: exit 0 nothing to do, 1 something to do.
    """
    from pkgci.cli.connect import site_trust
    from pkgci.model.load import load_site
    from pkgci.pipelines.deploy import check_jobs, look, plan, replace, test, zuul_host
    from pkgci.pipelines.layout import render
    from pkgci.remote.session import open_session

    site = load_site(site_file)
    if site.gerrit is None:
        return tell_no_pipelines(site, as_json)
    layout = render(site)
    host = zuul_host(site)
    with open_session(site, host, site_trust(site, accept_new_host_keys)) as session:
        planned = plan(layout, look(session, site, layout))
        if not as_json:
            _show(planned, host, whole=only_plan)
        if not planned.changes:
            return _done(planned, host, as_json, deployed=False)
        check_jobs(planned)
        if only_plan:
            test(session, layout, planned)
            _done(planned, host, as_json, deployed=False)
            return ExitStatus.NOT_AS_DECLARED
        if planned.losses:
            # A layout that is refused anyway needs no answer.
            test(session, layout, planned)
            if not _agreed(planned, as_json):
                say("nothing was done", err=True)
                return ExitStatus.NOT_AS_DECLARED
        try:
            replace(session, layout, planned, lambda what: say(_DOING[what], err=True))
        except KeyboardInterrupt:
            say(f"\npkgci: interrupted. What has begun on {host.name} goes on to its end:", err=True)
            say("  `pkgci deploy-pipelines --plan` shows how it went", err=True)
            return ExitStatus.INTERRUPTED
    return _done(planned, host, as_json, deployed=True)


def _show(plan: Plan, host: Host, *, whole: bool) -> None:
    """The plan, for people: the diff and the losses on standard output, remarks on standard error."""
    for line in plan.diff if whole else plan.diff[:_SHOWN]:
        say(line, fg=_COLOURS.get(line[:1]))
    if not whole and len(plan.diff) > _SHOWN:
        say(f"… and {len(plan.diff) - _SHOWN} more lines: `pkgci render-pipelines` shows the whole layout")
    if plan.losses:
        say("\nTaken out of Zuul's queues:")
        for loss in plan.losses:
            say(f"  {loss}")
    if not plan.live.running:
        say(f"Zuul does not run on {host.name}: it is started", err=True)
    elif plan.live.pending:
        say(f"Zuul has not read the layout that is on {host.name}: an earlier deployment broke off", err=True)
    if plan.missing and not plan.changes:
        say(f"not in Jenkins{_reason(plan)}: {_some(plan.missing)}", err=True)
    if plan.idle:
        say(f"no slave offers these jobs now: {_some(plan.idle)}", err=True)


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _reason(plan: Plan) -> str:
    return f" ({plan.live.problem})" if plan.live.problem else ""


def _agreed(plan: Plan, as_json: bool) -> bool:
    if as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        count = len(plan.losses)
        what = "1 change or job" if count == 1 else f"{count} changes or jobs"
        raise PkgciError(
            f"{what} would be taken out of Zuul's queues, and nobody can be asked",
            "wait until what runs has ended, or run it on a terminal, without --json",
        )
    return click.confirm("Take them out of the queues?", err=True)


def _done(plan: Plan, host: Host, as_json: bool, *, deployed: bool) -> int:
    from pkgci.cli.changes import tell_changes

    tell_changes("pipelines changed" if deployed else "pipelines as they were")
    if as_json:
        from pkgci.cli.screen import print_json

        print_json({"host": host.name, "deployed": deployed, **_json(plan)})
    elif deployed:
        say(f"Zuul on {host.name} runs with the new layout", err=True)
    elif plan.changes:
        say("\nZuul takes this layout. To deploy it: pkgci deploy-pipelines", err=True)
    else:
        say(f"nothing to do: Zuul on {host.name} runs with this layout", err=True)
    return ExitStatus.AS_DECLARED


def _json(plan: Plan) -> dict[str, Any]:
    return {
        "changes": plan.changes,
        "diff": list(plan.diff),
        "running": plan.live.running,
        "pending": plan.live.pending,
        "taken_out": [str(loss) for loss in plan.losses],
        "missing_jobs": list(plan.missing),
        "idle_jobs": list(plan.idle),
    }

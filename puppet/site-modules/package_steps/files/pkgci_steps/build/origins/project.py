"""Upstream's own git repository, another project of the same review: the tarball is packed of its commit."""

from __future__ import annotations

from pathlib import Path

from ...status import Ended, Status
from ...step import Step
from ..git import Tree, check_out_upstream
from ..orig import write_orig
from ..upstream import history
from ..upstream.metadata import with_metadata
from .upstream import Upstream, Wanted

_PACKED = (".tar.gz", ".tgz", ".tar.xz")
_SIGNED = (".asc", ".sig", ".sign", ".gpg")


def found(step: Step, tree: Tree, wanted: Wanted) -> bool:
    """Never: which project it is, only the site file says."""
    return False


def upstream(step: Step, tree: Tree, wanted: Wanted, room: Path) -> Upstream:
    """Upstream's files as a tarball. Raises ``Ended``."""
    project = step.settings.project(step.inputs.project).source.project
    if reason := _unmakeable(wanted, str(project)):
        raise Ended(Status.FAILED, reason)
    state = history.read(step)
    files = with_metadata(check_out_upstream(step, room / "tree"), state.version)
    file = room / wanted.tarball
    write_orig(files, wanted.folder, file, without=wanted.packaging)
    return Upstream((file,), f"packed of {project}: {state.words}", packed=True)


def _unmakeable(wanted: Wanted, project: str) -> str:
    """Why what the spec names cannot be made of a commit; '' where it can."""
    for name in wanted.missing:
        if name == wanted.tarball:
            continue
        if name.endswith(_SIGNED):
            return (
                f"{wanted.spec} names {name}: a tarball that is packed of {project} has no signature of upstream's. "
                "Put it, and its check in %prep, between `%if 0%{?sources_gpg} == 1` and `%endif`: that is 0 here"
            )
        return f"{wanted.spec} names {name}, which is not beside it in the tree"
    if not wanted.tarball.endswith(_PACKED):
        return f"Source0 is {wanted.tarball}, and the files of {project} are packed as .tar.gz or .tar.xz"
    return ""

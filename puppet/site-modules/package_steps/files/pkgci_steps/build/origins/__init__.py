"""Where upstream's files come from: one module for each kind of source, and which one a project has.

A kind fetches and verifies before the build, which then has no network. What it is asked for and what it gives is in
``upstream``.
"""

from __future__ import annotations

from pathlib import Path

from ...step import Step
from ..git import Tree
from . import gbp, project, released
from . import tree as tree_kind
from .upstream import Kind, Upstream, Wanted

__all__ = ["KINDS", "Upstream", "Wanted", "upstream"]

_EVERY = frozenset({"deb", "rpm"})
# In the order in which a tree is looked into where the site file does not say it. The last one takes every tree.
KINDS = (
    Kind("project", _EVERY, project.found, project.upstream),
    Kind("git-buildpackage", frozenset({"deb"}), gbp.found, gbp.upstream),
    Kind("tree", _EVERY, tree_kind.found, tree_kind.upstream),
)


def upstream(step: Step, tree: Tree, wanted: Wanted, room: Path) -> Upstream:
    """Upstream's files for ``wanted``, in the new folder ``room``. Raises ``Ended``."""
    room.mkdir()
    room.chmod(0o777)  # for what works as nobody
    kind = _kind(step, tree, wanted)
    found = kind.upstream(step, tree, wanted, room)
    found = released.kept(step, wanted, found, room, tree if kind.name == "tree" else None)
    step.details["origin"] = {"kind": kind.name, "note": found.note, "packed": found.packed}
    step.log.say(f"upstream's files: {', '.join(file.name for file in found.files)}, {found.note}")
    return found


def _kind(step: Step, tree: Tree, wanted: Wanted) -> Kind:
    """What the site file says, else the first kind that the tree shows."""
    said = step.settings.project(step.inputs.project).source.kind
    fitting = [kind for kind in KINDS if wanted.target in kind.targets]
    for kind in fitting:
        if said == kind.name:
            return kind
    return next(kind for kind in fitting if kind.found(step, tree, wanted))

"""Which names are a project's own: its packages of them may stand before the distribution's where a change is built
with another one that nobody has released. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ..settings import Project
from .built import Built
from .manifest import Manifest


def owned(
    project: Project, kind: str, built: Built, released: Manifest, sources: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """The names of the packages in ``built`` that are the project's own, also where somebody else has such a package.

    They are those that it released, and those that the distribution makes of the source package that it is called by:
    ``sources`` are the distribution's, by the name of a package. So are those that the site file lets it take.
    """
    names = {file.package for file in built.files}
    theirs: set[str] = set()
    for entry in released.entries:
        if (entry.kind, entry.project) == (kind, project.name):
            theirs |= entry.names
    packaged = {built.source} & {project.name.rpartition("/")[2]}
    may_make = packaged | set(project.overrides)
    theirs |= {name for name in names if name in project.overrides or (sources.get(name) or {""}) <= may_make}
    return tuple(sorted(names & theirs))

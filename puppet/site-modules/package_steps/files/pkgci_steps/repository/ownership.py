"""Whose a name is, and which relations to others' packages a package may have. Pure.

A name belongs to the project that released it first, or else to the distribution of the target. What a source of the
distribution makes is the project's that is called like that source; other exceptions are the site file's alone
(``overrides``). So a project may rebuild a package of the distribution, and takes no other one.

A package takes another one's name with its own, and with what it says of it (``relations``):

* Provides: others' dependencies are met by it in place of the real package.
* Conflicts, Breaks (apt), Obsoletes, Conflicts (dnf): the other package is removed, or replaced.
* Replaces: dpkg writes over the other package's files.
* Supplements: it is installed wherever the other one is.

That counts where the name is of a package that somebody else has: names that no package bears are free, as
mail-transport-agent is. It does not count where it is for versions only that are older than the newest one which the
other has (``Breaks: x (<< 2)`` where x is at 2): apt and dnf upgrade the other package then, and take nothing away.
Nor does it where the distribution's own package says the same, nor among the packages of one build.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..settings import Project, Target
from ..status import Ended, Status
from . import versions
from .built import Built
from .known import Known
from .manifest import Entry, Manifest
from .relations import Relation

# Packages beside another one, whose name is a part of theirs: debugging symbols, and what an installer has of it.
_BESIDE = ("-dbgsym", "-udeb", "-debuginfo", "-debugsource")
_EFFECTS = {
    "Provides": "it would meet the dependencies of others in place of that package",
    "Conflicts": "that package would be removed or kept away",
    "Breaks": "apt would remove that package",
    "Replaces": "dpkg would write over that package's files",
    "Obsoletes": "dnf would put it in the place of that package",
    "Supplements": "it would be installed wherever that package is",
}
# A package that stays, in words of several versions of dpkg and apt.
_STAYS = frozenset(("essential: yes", "protected: yes", "important: yes"))
# Of these what an archive says differs from what the package itself does.
_OF_ARCHIVE = ("priority: ", "task: ")


def names(built: Built) -> frozenset[str]:
    """The names that a distribution has to be asked for."""
    said = {relation.name for relations in built.relations.values() for relation in relations}
    return frozenset({name for own in _own(built) for name in _meant(own)} | said)


def check(
    project: Project,
    target: Target,
    built: Built,
    released: Manifest,
    known: Known,
    ahead: Sequence[Entry] = (),
) -> None:
    """Raises ``Ended`` (failed) where ``built`` takes a name of another project's or of the distribution's.

    ``known`` is what the target's distribution has of ``names(built)``, ``ahead`` what the changes before this one are
    to release.
    """
    owners = _Owners(project, target, released, known, ahead)
    for own in sorted(_own(built)):
        for name in _meant(own):
            if owner := owners.of(name):
                raise _refused(f"the package {own} is not {project.name}'s: {owner}", name, project)
    _check_relations(owners, built)
    _check_marks(project, built, known)


class _Owners:
    """Whose names are, as ``project`` sees it."""

    def __init__(
        self, project: Project, target: Target, released: Manifest, known: Known, ahead: Sequence[Entry]
    ) -> None:
        self.project = project
        self.target = target
        self.known = known
        self._first = _first(target.kind, released.entries)
        self._ahead = _first(target.kind, ahead)
        self._others = [*released.of_target(target.name), *(one for one in ahead if one.target == target.name)]

    def of(self, name: str) -> str:
        """Who else has a package of that name, in words; '' where nobody has, or the project may take it."""
        overrides = frozenset(self.project.overrides)
        first, ahead = self._first.get(name), self._ahead.get(name)
        if name in overrides or self.project.name == (first or ahead):
            return ""
        if first is not None:
            return f"{name} belongs to {first}, which released it first"
        if ahead is not None:
            return f"{name} belongs to {ahead}, of which a change with it is before this one"
        if name.startswith("/"):
            return f"{name} is a file that it does not have itself"
        sources = self.known.sources_of(name)
        if not sources or sources & (overrides | {self.project.name.rpartition("/")[2]}):
            return ""
        source = min(sources)
        made = "" if source == name else f", of its source {source}"
        where = self.target.mock_root or (self.target.suite if self.target.kind == "deb" else self.target.name)
        return f"{name} belongs to the distribution ({where}){made}: a project called {source} may build it"

    def are_spared_by(self, relation: Relation) -> bool:
        """Whether it leaves alone what others have of the name: older versions only have to go."""
        newest = self._newest(relation.name)
        if newest is None:
            # dnf installs nothing rather than remove something for a conflict, and has not to be asked for a
            # replacement.
            return self.target.kind == "rpm" and relation.word == "Conflicts" and relation.is_of_older_ones
        return relation.spares(newest, self.target.kind)

    def _newest(self, name: str) -> str | None:
        """The newest version of a package that others have; '' where they have none, None where it is not known."""
        found = {package.version for package in self.known.named(name)}
        found |= {file.version for entry in self._others for file in entry.files if file.package == name}
        if "" in found:
            return None
        return versions.newest(self.target.kind, found)


def _first(kind: str, entries: Sequence[Entry]) -> dict[str, str]:
    """Name → the project that is the first to have it."""
    return {name: one.project for one in reversed(entries) if one.kind == kind for name in one.names}


def _check_relations(owners: _Owners, built: Built) -> None:
    own = _own(built)
    theirs = owners.known.relations_of(built.relations)
    for package, relations in sorted(built.relations.items()):
        for relation in relations:
            if relation.name in own or _is_said(relation, theirs):
                continue
            owner = owners.of(relation.name)
            if not owner or owners.are_spared_by(relation):
                continue
            what = f"{package} says '{relation}', and {owner}. Then {_EFFECTS[relation.word]}"
            raise _refused(what, relation.name, owners.project)


def _is_said(relation: Relation, theirs: Iterable[Relation]) -> bool:
    """Whether the distribution's own packages say it: the same, or of all versions; of what they provide, any."""
    for one in theirs:
        if (one.word, one.name) == (relation.word, relation.name):
            same = (one.operator, one.version) == (relation.operator, relation.version)
            if same or not one.operator or one.word == "Provides":
                return True
    return False


def _check_marks(project: Project, built: Built, known: Known) -> None:
    """A package is of a system's base where the distribution's own package of that name is."""
    for package, marks in sorted(built.marks.items()):
        there = known.named(package)
        if any(not one.version for one in there):
            continue  # all that is known of it is that it is of the base
        theirs = {mark for one in there for mark in one.marks}
        more = marks - theirs - (_STAYS if theirs & _STAYS else frozenset())
        more = frozenset(mark for mark in more if not (there and mark.startswith(_OF_ARCHIVE)))
        if more:
            raise Ended(
                Status.FAILED,
                f"{package} says '{min(more)}' of itself, as packages of a system's base do: apt installs such a "
                f"package without being asked, or does not let it be removed. Leave that out of debian/control",
            )


def _own(built: Built) -> frozenset[str]:
    return built.named | {built.source, *(file.package for file in built.files)}


def _meant(name: str) -> tuple[str, ...]:
    """The names that one stands for: NAME-dbgsym is whose NAME is."""
    return (name, *(name.removesuffix(end) for end in _BESIDE if name.endswith(end)))


def _refused(what: str, name: str, project: Project) -> Ended:
    return Ended(
        Status.FAILED,
        f"{what}. If that is meant, the site file says so: projects: {{{project.name}: {{overrides: [{name}]}}}}",
    )

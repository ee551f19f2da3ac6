"""What of a review repository a build or a test may use. Pure.

Nobody has reviewed what is there. It may add packages, and bring newer ones of what is its own project's; it never
takes the place of a package of the distribution. What is not offered is never installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from .inputs import Inputs
from .repository.manifest import Entry

# How apt ranks them: above whatever else a root has (500), its own installed packages (100) included, and able to take
# a version of the change in place of a released one that sorts after it (1001 and more: apt_preferences(5)).
OWN, BEFORE, RELEASED = 1003, 1002, 990
# Below the distribution's: such a package is taken where nobody else has one of its name.
ADDED = 400

_SOURCES = ("source", "src", "nosrc")


@dataclass(frozen=True)
class Tier:
    """Packages, by their names, that have one ``rank``."""

    rank: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Offer:
    """``tiers`` are what may be used, the highest rank first, and ``never`` names and versions that are not among it,
    though others of their name are. ``sources`` are the names and versions of the source packages."""

    tiers: tuple[Tier, ...] = ()
    never: tuple[tuple[str, str], ...] = ()
    sources: frozenset[tuple[str, str]] = frozenset()

    def has(self, name: str, version: str) -> bool:
        """Whether a package may be used."""
        return (name, version) not in self.never and any(name in tier.names for tier in self.tiers)

    def is_added(self, name: str) -> bool:
        """Whether a package is taken only where nobody else has one of its name."""
        return any(name in tier.names for tier in self.tiers if tier.rank == ADDED)


def of_change(entries: Sequence[Entry], change: tuple[str, str]) -> Offer:
    """What another build may use of the patch set that it stands on: ``change`` is the number and the patch set's."""
    chosen = [entry for entry in entries if (entry.change, entry.patchset) == change]
    return _offer(entries, chosen, ())


def of_group(entries: Sequence[Entry], inputs: Inputs) -> Offer:
    """What a build may use of its group's repository: that of others, and nothing that its own change left there."""
    return _offer(entries, [entry for entry in entries if entry.change != inputs.change], ())


def of_group_and_own(entries: Sequence[Entry], inputs: Inputs) -> Offer:
    """What the tests of a build use of its group's repository: its own packages before those of others."""
    own = [entry for entry in entries if (entry.change, entry.patchset) == (inputs.change, inputs.patchset)]
    others = [entry for entry in entries if entry.change != inputs.change]
    return _offer(entries, others, own)


def _offer(entries: Iterable[Entry], others: Sequence[Entry], own: Sequence[Entry]) -> Offer:
    mine = set(chain.from_iterable(map(_names, own)))
    before = {name for entry in others for name in _names(entry) if name in entry.owns} - mine
    added = set(chain.from_iterable(map(_names, others))) - mine - before
    ranked = ((OWN, mine), (BEFORE, before), (ADDED, added))
    tiers = tuple(Tier(rank, tuple(sorted(names))) for rank, names in ranked if names)
    there = mine | before | added
    used = {one for entry in own for one in _packages(entry)}
    used |= {one for entry in others for one in _packages(entry) if one[0] not in mine}
    never = {one for entry in entries for one in _packages(entry) if one[0] in there} - used
    return Offer(tiers, tuple(sorted(never)), frozenset((entry.source, entry.version) for entry in (*others, *own)))


def _packages(entry: Entry) -> set[tuple[str, str]]:
    return {(file.package, file.version) for file in entry.files if file.architecture not in _SOURCES}


def _names(entry: Entry) -> set[str]:
    return {name for name, _ in _packages(entry)}

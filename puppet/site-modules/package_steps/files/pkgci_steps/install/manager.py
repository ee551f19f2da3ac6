"""What a test asks of a package manager in a root: apt and dnf each answer in their own way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ..report import Case
from ..review import File, Repository
from ..step import Step
from .root import Root, Said

INSTALLED = "installed"
GONE = "not-installed"


class Manager(Protocol):
    """A package manager in ``root``. What it fetches has the network, what it installs has not.

    A ``word`` names one version of one package, as the manager takes it.
    """

    root: Root
    # Of packages: deb or rpm.
    kind: str
    # How packages leave, in this order: the manager's word for it → the states that it may leave them in.
    ways_out: Mapping[str, frozenset[str]]

    def use_released(self) -> None:
        """From now on, no repository of a change counts. Raises ``Ended`` (infrastructure)."""

    def use_changes(self) -> None:
        """From now on, the repositories of changes count too. Raises ``Ended`` (infrastructure)."""

    def layer(self, step: Step) -> AbstractContextManager[Manager]:
        """The manager of another root, which begins as this one is now (``Root.layer``)."""

    def word(self, package: str, version: str) -> str:
        """As the manager takes it."""

    def plan(self, words: Sequence[str]) -> Said:
        """Whether ``words`` can be installed together: status 0; nothing happens."""

    def fetch(self, words: Sequence[str]) -> Said:
        """Fetches what installing ``words`` needs, and installs nothing."""

    def fetch_upgrade(self, words: Sequence[str]) -> Said:
        """Fetches what installing ``words`` needs once all that was fetched is installed, and installs nothing."""

    def sums(self) -> Mapping[str, str]:
        """The checksums of what was fetched → the files' names."""

    def needed(self, group: Sequence[File]) -> list[str]:
        """What the packages of ``group`` need beside themselves; nothing where that needs them in turn."""

    def install(self, words: Sequence[str]) -> Said:
        """Installs ``words``, all of which was fetched. Nothing is fetched in this root any more (``Root.close``)."""

    def remove(self, way: str, packages: Sequence[str]) -> Said:
        """Takes packages out, one of the ``ways_out``."""

    def states(self, packages: Iterable[str]) -> Mapping[str, tuple[str, str]]:
        """The state and the version of each package that there is something of; INSTALLED for a whole one."""

    def released(self, repository: Repository, packages: Iterable[str]) -> Mapping[str, str]:
        """The newest version in ``repository`` of those packages that are in it."""

    def look(self, package: str, when: str) -> list[Case]:
        """Whether the files and services of an installed package are as it declares them."""

    def owned(self) -> list[str]:
        """Every path that an installed package has."""

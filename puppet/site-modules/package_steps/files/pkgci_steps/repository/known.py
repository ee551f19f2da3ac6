"""What a distribution is known to have of some names. Pure data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .relations import Relation


@dataclass(frozen=True)
class Package:
    """A package that a distribution has, in one version ('' where that is not known), of its ``source``.

    ``relations`` and ``marks`` (``stanza.marks``) are what it says of others and of itself.
    """

    name: str
    version: str
    source: str
    sha256: str = ""
    relations: tuple[Relation, ...] = ()
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Known:
    """Packages, and of the names that were asked for those of source packages."""

    packages: tuple[Package, ...] = ()
    sources: frozenset[str] = frozenset()

    def named(self, name: str) -> tuple[Package, ...]:
        """The packages of that name, in all versions."""
        return tuple(package for package in self.packages if package.name == name)

    def sources_of(self, name: str) -> frozenset[str]:
        """The sources that make a package of that name, or that are called so."""
        return frozenset(package.source for package in self.named(name)) | (self.sources & {name})

    def relations_of(self, names: Iterable[str]) -> frozenset[Relation]:
        """What the packages ``names`` say of others."""
        return frozenset(relation for name in names for one in self.named(name) for relation in one.relations)

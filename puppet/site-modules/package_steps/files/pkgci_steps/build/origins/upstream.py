"""What a kind of source is asked for, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..git import Tree

if TYPE_CHECKING:
    from ...step import Step


@dataclass(frozen=True)
class Wanted:
    """The upstream tarball of one version of a package.

    ``target`` is the target's kind, deb or rpm. ``tarball`` is what the file is to be called; for a deb target another
    compression than in that name is as good, and components (NAME.orig-COMPONENT.tar.xz) may be beside it. ``folder``
    is what a tarball has at its top that is packed here. For an rpm target, ``spec`` is the spec file's path in the
    tree, and ``missing`` the files that it names and the tree lacks, the tarball among them; all of them are needed.
    """

    target: str
    source: str
    version: str
    tarball: str
    folder: str
    spec: PurePosixPath | None = None
    missing: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """The tarball's name without its compression."""
        return self.tarball.partition(".tar.")[0]

    @property
    def packaging(self) -> bytes:
        """The folder of a tree that is not upstream's; nothing for an rpm target."""
        return b"debian/" if self.target == "deb" else b""


@dataclass(frozen=True)
class Upstream:
    """Upstream's files: tarballs, components and signatures (.asc), by the names that a source package has for them.

    ``note`` says where they are from, for people. ``packed`` is whether this build made the tarball, of files; else its
    bytes are upstream's own, or were released once.
    """

    files: tuple[Path, ...]
    note: str
    packed: bool = False

    @property
    def tarballs(self) -> tuple[Path, ...]:
        return tuple(file for file in self.files if file.suffix != ".asc")


@dataclass(frozen=True)
class Kind:
    """A kind of source, as ``source:`` in the site file names it, and the kinds of targets that it is for.

    ``found`` is whether a tree is of this kind whose project does not say it. ``upstream`` puts upstream's files into
    an empty folder, or raises ``Ended`` with the words why it cannot.
    """

    name: str
    targets: frozenset[str]
    found: Callable[[Step, Tree, Wanted], bool]
    upstream: Callable[[Step, Tree, Wanted, Path], Upstream]

"""What is in a repository: which packages, for which targets, from which changes. Pure data, and its JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class File:
    """A published file. ``size`` is in bytes, ``architecture`` is ``source`` (DEB) or ``src`` (RPM) for sources.

    ``content`` tells what is in it apart from signatures: two files with the same one are the same package. For DEB it
    is the SHA-256 checksum, for RPM that of the header, which has those of the payload.
    """

    name: str
    size: int
    sha256: str
    package: str
    version: str
    architecture: str
    content: str


@dataclass(frozen=True)
class Entry:
    """One version of one source package for one target, with all packages that were built from it.

    ``kind`` is deb or rpm. ``folder`` is where its files are, relative to the repository's URL and to ``shared/``.
    ``published`` is when it came to this repository (ISO 8601). The other words say where it came from: ``tree`` is the
    git tree, '' where nobody said. ``owns`` are those of its packages whose names are its project's, also where the
    distribution or the released repository has them.
    """

    target: str
    kind: str
    source: str
    version: str
    project: str
    change: str
    patchset: str
    build_id: str
    published: str
    folder: str
    files: tuple[File, ...]
    tree: str = ""
    owns: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The names of its packages, and of its source package."""
        return frozenset((self.source, *(file.package for file in self.files)))

    def same_as(self, other: Entry) -> bool:
        """Whether it has the very same packages, apart from their signatures."""
        return {(f.name, f.content) for f in self.files} == {(f.name, f.content) for f in other.files}

    def takes_version_of(self, other: Entry) -> bool:
        """Whether it is the same version of the same source, or has the same version of one of that one's packages."""
        if self.source != other.source:
            return False
        (one, two) = ({(f.package, f.version) for f in entry.files} for entry in (self, other))
        return self.version == other.version or bool(one & two)


@dataclass(frozen=True)
class Manifest:
    """All of a generation. ``made`` is when (ISO 8601), ``why`` is in words, ``signed_by`` the keys of its indexes."""

    made: str
    why: str
    signed_by: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()

    def of_target(self, target: str) -> tuple[Entry, ...]:
        """What it has for ``target``."""
        return tuple(entry for entry in self.entries if entry.target == target)

    def versions(self, target: str, source: str) -> tuple[Entry, ...]:
        """All versions of a source package for ``target``."""
        return tuple(entry for entry in self.entries if entry.target == target and entry.source == source)

    @property
    def targets(self) -> dict[str, str]:
        """The targets that it has something for → their kind."""
        return {entry.target: entry.kind for entry in self.entries}

    def text(self) -> str:
        """As JSON, an entry a line."""
        head = {"made": self.made, "why": self.why, "signed_by": self.signed_by}
        lines = ",\n".join(json.dumps(_plain(entry)) for entry in self.entries)
        return f'{json.dumps(head)[:-1]}, "entries": [\n{lines}\n]}}\n'


def _plain(entry: Entry) -> dict[str, Any]:
    return {**vars(entry), "files": [vars(file) for file in entry.files]}


def parse(text: str) -> Manifest:
    """The manifest in a document. Raises ``ValueError``, ``KeyError`` and ``TypeError``."""
    data = json.loads(text)
    entries = tuple(entry(item) for item in data["entries"])
    return Manifest(data["made"], data["why"], tuple(data["signed_by"]), entries)


def entry(data: Mapping[str, Any]) -> Entry:
    """An entry from its JSON."""
    files = tuple(File(**file) for file in data["files"])
    return Entry(**{**data, "files": files, "owns": tuple(data.get("owns", ()))})


def without(entries: Iterable[Entry], gone: Iterable[Entry]) -> tuple[Entry, ...]:
    """``entries`` without those in ``gone``."""
    folders = {(item.target, item.folder) for item in gone}
    return tuple(item for item in entries if (item.target, item.folder) not in folders)

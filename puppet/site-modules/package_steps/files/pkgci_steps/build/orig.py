"""The upstream tarball of a tree that holds upstream's files and debian/: its bytes depend on those files alone."""

from __future__ import annotations

import gzip
import lzma
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .git import Entry, Tree

# 2000-01-01: a commit's own time would give each commit another tarball.
_TIME = 946684800


def write_orig(tree: Tree, prefix: str, file: Path, without: bytes = b"debian/") -> None:
    """Writes all of ``tree`` but the folder ``without`` to ``file`` (.tar.xz or .tar.gz), below the folder ``prefix``.

    The same files give the same bytes, whatever their commit is.
    """
    with _compressed(file) as output, tarfile.open(fileobj=output, mode="w", format=tarfile.GNU_FORMAT) as archive:
        entries = tree.outside(without)
        for path in _folders(entries):
            archive.addfile(_entry(_name(prefix, path), tarfile.DIRTYPE, 0o755))
        for entry in entries:
            _add(archive, _name(prefix, entry.path), entry, tree.folder / os.fsdecode(entry.path))


def _folders(entries: Iterable[Entry]) -> list[bytes]:
    found = {b""}
    for entry in entries:
        parts = entry.path.split(b"/")[:-1]
        found |= {b"/".join(parts[:count]) for count in range(1, len(parts) + 1)}
    return sorted(found)


def _name(prefix: str, path: bytes) -> str:
    return prefix + ("/" + os.fsdecode(path) if path else "")


def _add(archive: tarfile.TarFile, name: str, entry: Entry, path: Path) -> None:
    if entry.mode == "120000":
        link = _entry(name, tarfile.SYMTYPE, 0o777)
        link.linkname = os.fspath(path.readlink())
        archive.addfile(link)
        return
    file = _entry(name, tarfile.REGTYPE, 0o755 if entry.mode == "100755" else 0o644)
    with path.open("rb") as content:
        file.size = os.fstat(content.fileno()).st_size
        archive.addfile(file, content)


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime = kind, mode, _TIME
    entry.uname = entry.gname = "root"
    return entry


@contextmanager
def _compressed(file: Path) -> Iterator[gzip.GzipFile | lzma.LZMAFile]:
    with file.open("wb") as raw:
        if file.suffix == ".gz":
            with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as output:
                yield output
        else:
            with lzma.open(raw, "wb", preset=6) as output:
                yield output

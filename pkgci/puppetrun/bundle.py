"""The two archives that go to a host: the code, the same for all hosts, and the host's own data.

An archive has the same bytes wherever and whenever it is made of the same files. Its name is the SHA-256 of the tar
within, so that a host can say which ones it has already.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgci.errors import UsageError

# What version control and editors leave in a folder, and documentation of modules: no host needs it.
_LEFT_OUT = frozenset({".git", ".hg", ".svn", "__pycache__", ".DS_Store", ".pytest_cache", ".keep", "REFERENCE.md"})
_LEFT_OUT_ENDINGS = ("~", ".swp", ".swo", ".orig", ".rej")


@dataclass(frozen=True)
class Archive:
    """A gzipped tar. ``name`` is the SHA-256 of the tar, ``size`` its length in bytes."""

    name: str
    packed: bytes
    size: int


def code_archive(folder: Path) -> Archive:
    """The archive of the manifest tree ``folder``, without what version control and editors leave there.

    Raises ``UsageError`` where the folder cannot be read or is empty.
    """
    try:
        members = list(_tree(folder, folder))
    except OSError as error:
        raise UsageError(f"cannot read the manifests: {error.filename}: {error.strerror}") from None
    if not members:
        raise UsageError(f"there are no manifests in {folder}")
    return _archive(members)


def data_archive(files: Mapping[str, str], code: Archive) -> Archive:
    """The archive of one host's data ``files`` (name → text), with a link to the ``code`` that goes with it."""
    members = [_file(name, text.encode(), 0o600) for name, text in files.items()]
    folders = {parent for name in files for parent in Path(name).parents if parent != Path()}
    members += [_folder(str(folder), 0o700) for folder in folders]
    return _archive([*members, _link("code", f"../{code.name}")])


def run_archive(files: Mapping[str, str], data: Archive) -> Archive:
    """The archive of a run's folder: its ``files``, and a link to the ``data`` that it applies."""
    members = [_file(name, text.encode(), 0o600) for name, text in files.items()]
    return _archive([*members, _link("data", f"../../releases/{data.name}")])


_Member = tuple[tarfile.TarInfo, bytes]


def _archive(members: list[_Member]) -> Archive:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for info, content in sorted(members, key=lambda member: member[0].name):
            tar.addfile(info, io.BytesIO(content))
    plain = buffer.getvalue()
    return Archive(hashlib.sha256(plain).hexdigest(), gzip.compress(plain, compresslevel=6, mtime=0), len(plain))


def _tree(folder: Path, root: Path) -> Iterator[_Member]:
    for path in sorted(folder.iterdir()):
        if path.name in _LEFT_OUT or path.name.endswith(_LEFT_OUT_ENDINGS) or path.name.startswith(".#"):
            continue
        name = str(path.relative_to(root))
        if path.is_symlink():
            yield _link(name, str(path.readlink()))
        elif path.is_dir():
            yield _folder(name, 0o755)
            yield from _tree(path, root)
        elif path.is_file():
            yield _file(name, path.read_bytes(), 0o755 if os.access(path, os.X_OK) else 0o644)


def _file(name: str, content: bytes, mode: int) -> _Member:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    return info, content


def _folder(name: str, mode: int) -> _Member:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, mode
    return info, b""


def _link(name: str, target: str) -> _Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
    return info, b""

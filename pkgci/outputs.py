"""What an operator names to write to: a file, a device, a pipe, or a folder of files that pkgci renders."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from pkgci.errors import UsageError
from pkgci.files import write_atomically, write_reproducible
from pkgci.folders import make_folder

# Permissions of a new file, less the umask.
_NEW = 0o666
# An open file of this process, by its number (proc(5)). /dev/fd and /dev/stdout are links to these.
_DESCRIPTOR = re.compile(r"/proc/(?:self|thread-self|\d+)/fd/(\d+)")
# Why a file that may be written cannot be replaced: its folder may not be changed, or it is mounted on its own.
_NOT_REPLACED = frozenset((errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY))


def check_output(path: Path) -> None:
    """Raises ``UsageError`` where ``path`` is nothing that can be written to, before any work is done for it."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise _refusal(path, error) from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"cannot write {path}: it is a directory", "name a file", str(path))
    if stat.S_ISSOCK(mode):
        raise UsageError(f"cannot write {path}: it is a socket", "name a file, a device or a pipe", str(path))
    if not os.access(path, os.W_OK):
        raise _refusal(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def write_output(path: Path, text: str) -> None:
    """Writes ``text`` to ``path``: a regular file is replaced as a whole, a device or a pipe is written to.

    A replaced file keeps its permissions and, as far as this user may, its owner; a symbolic link is followed. Raises
    ``UsageError`` where that fails.
    """
    check_output(path)
    try:
        if (descriptor := _descriptor(path)) is not None:
            _pour(os.dup(descriptor), text)
        elif path.exists() and not path.is_file():
            _pour(os.open(path, os.O_WRONLY), text)
        else:
            _replace(path, text)
    except OSError as error:
        raise _refusal(path, error) from None


def write_folder(folder: Path, files: Mapping[str, str], earlier: Iterable[str], mode: int | None = None) -> int:
    """Writes ``files`` (path below ``folder`` → text), and removes what an earlier run wrote and this one does not.

    ``earlier`` are the paths of what an earlier run wrote. Nothing else is touched; folders that are empty then go,
    too. Returns how many files were removed. Raises ``OSError``.
    """
    stale = [name for name in dict.fromkeys(earlier) if name not in files]
    for name, text in files.items():
        write_reproducible(folder / name, text, mode, _NEW)
    for name in stale:
        (folder / name).unlink(missing_ok=True)
        for parent in Path(name).parents[:-1]:
            with suppress(OSError):
                (folder / parent).rmdir()
    make_folder(folder)
    return len(stale)


def _descriptor(path: Path) -> int | None:
    """The open file of this process that ``path`` leads to, as ``/dev/stdout`` does; None for any other path."""
    for _ in range(40):
        place = Path(os.path.realpath(path.parent)) / path.name
        match = _DESCRIPTOR.fullmatch(str(place))
        if match and place.parent == Path(f"/proc/{os.getpid()}/fd"):
            return int(match[1])
        if not place.is_symlink():
            return None
        path = place.parent / place.readlink()
    return None


def _replace(path: Path, text: str) -> None:
    try:
        write_atomically(path, text, new=_NEW)
    except OSError as error:
        if error.errno not in _NOT_REPLACED or not path.is_file():
            raise
        _pour(os.open(path, os.O_WRONLY | os.O_TRUNC), text)


def _pour(descriptor: int, text: str) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode())


def _refusal(path: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot write {path}: {error.strerror or error}", place=str(path))

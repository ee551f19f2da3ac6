"""Files written whole or not at all, by one at a time."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pkgci.folders import make_folder
from pkgci.locks import lock_or_wait

# Permissions of a new file, less the umask: whatever that is, only the owner may write.
_NEW = 0o644


def write_atomically(path: Path, content: str | bytes, mode: int | None = None, new: int = _NEW) -> None:
    """Replaces the file ``path`` by one with ``content``, UTF-8; what stands there keeps its permissions and owner.

    ``mode`` sets the permissions instead, and ``new`` those of a file that was not there, less the umask. A symbolic
    link is followed. Raises ``OSError`` that names ``path``; then what stood there still stands.
    """
    _write(path, content, mode, new, os.fsync)


def write_reproducible(path: Path, content: str, mode: int | None = None, new: int = _NEW) -> None:
    """As ``write_atomically``, for what can be made again: does not wait until it is on the disk."""
    _write(path, content, mode, new, lambda _: None)


def rewrite(path: Path, change: Callable[[str], str], mode: int | None = None) -> None:
    """Replaces the text of the file ``path`` by what ``change`` makes of it; nobody else rewrites it at that time.

    A file that is missing has the text '', and one without text is removed. Bytes that are not UTF-8 stay as they are.
    Raises ``OSError``, and what ``change`` raises; then nothing is changed.
    """
    path = _followed(path)
    missing = not path.exists()
    with lock_or_wait(path):
        before = path.read_bytes().decode(errors="surrogateescape")
        try:
            after = change(before)
            if after != before:
                write_atomically(path, after, mode)
        finally:
            # The lock has created the file where it was missing.
            with suppress(FileNotFoundError):
                if (before or missing) and path.stat().st_size == 0:
                    path.unlink()


def _write(path: Path, content: str | bytes, mode: int | None, new: int, sync: Callable[[int], None]) -> None:
    data = content.encode(errors="surrogateescape") if isinstance(content, str) else content
    try:
        _replace(_followed(path), data, mode, new, sync)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _followed(path: Path) -> Path:
    """The file that ``path`` names, whether it exists or not, through any symbolic links."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def _replace(target: Path, data: bytes, mode: int | None, new: int, sync: Callable[[int], None]) -> None:
    make_folder(target.parent)
    standing = target.stat() if target.exists() else None
    temporary = target.with_name(f".{target.name[:40]}.{os.urandom(4).hex()}")
    wanted = mode if standing is None or mode is not None else stat.S_IMODE(standing.st_mode)
    # Nobody else reads it before it has its final permissions.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, new if wanted is None else new & 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if standing is not None:
                _give(descriptor, standing)
            if wanted is not None:
                os.fchmod(descriptor, wanted)
            file.write(data)
            file.flush()
            sync(descriptor)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _give(descriptor: int, standing: os.stat_result) -> None:
    """Makes the new file that of the old one's owner and group, as far as this user may."""
    own = os.fstat(descriptor)
    for user, group in ((-1, standing.st_gid), (standing.st_uid, -1)):
        if (user, group) not in ((-1, own.st_gid), (own.st_uid, -1)):
            with suppress(PermissionError):
                os.fchown(descriptor, user, group)

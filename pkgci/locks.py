"""One process, and one thread, at a time: locks on files, which the system takes back however their holder ends."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pkgci.folders import make_folder

# What flock(2) says where a file system has no locks (a network share, say): there, nobody can be kept out.
_NO_LOCKS = frozenset((errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EINVAL))


@contextmanager
def lock_or_wait(path: Path) -> Iterator[None]:
    """Holds the lock of the file ``path``, which is created where there is none; waits while another holds it.

    The holder may replace the file: whoever waited then waits for the new one. Raises ``OSError`` where the file can
    be neither opened nor created.
    """
    yield from _held(path, fcntl.LOCK_EX)


@contextmanager
def lock_or_fail(path: Path) -> Iterator[None]:
    """As ``lock_or_wait``, but raises ``BlockingIOError`` at once where another holds the lock."""
    yield from _held(path, fcntl.LOCK_EX | fcntl.LOCK_NB)


def lock_descriptor(descriptor: int, operation: int = fcntl.LOCK_EX) -> None:
    """Locks what ``descriptor`` is open on, until it is closed. Does nothing where the file system has no locks."""
    try:
        fcntl.flock(descriptor, operation)
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise


def _held(path: Path, operation: int) -> Iterator[None]:
    while True:
        descriptor = _opened(path)
        try:
            lock_descriptor(descriptor, operation)
            if is_still(path, descriptor):
                yield
                return
        finally:
            os.close(descriptor)


def _opened(path: Path) -> int:
    make_folder(path.parent)
    try:
        # Writable, because a network file system locks nothing else exclusively.
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        # Another operator's file, or a file system that is mounted read-only: it can be locked all the same.
        try:
            return os.open(path, os.O_RDONLY)
        except OSError:
            raise error from None


def is_still(path: Path, descriptor: int) -> bool:
    """Whether ``path`` still names what ``descriptor`` is open on: another may have replaced or removed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False

"""Reading what another account has put into a folder: plain files only, and no link is ever followed on the way.

The account that looks at what strangers built may be theirs one day: what it leaves is opened one name at a time.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

_PIECE = 1 << 20
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@contextmanager
def opened(top: Path, path: str) -> Iterator[int]:
    """The plain file ``path`` below ``top``, which is trusted. Raises ``OSError`` where it is anything else."""
    names = PurePosixPath(path).parts
    if not names or {"..", "/", "."} & set(names):
        raise OSError(f"{path!a} is no path below {top}")
    handles = [os.open(top, _FLAGS | os.O_DIRECTORY)]
    try:
        for name in names[:-1]:
            handles.append(os.open(name, _FLAGS | os.O_DIRECTORY, dir_fd=handles[-1]))
        handles.append(os.open(names[-1], _FLAGS, dir_fd=handles[-1]))
        if not stat.S_ISREG(os.fstat(handles[-1]).st_mode):
            raise OSError(f"{path!a} is no plain file")
        yield handles[-1]
    finally:
        for handle in reversed(handles):
            os.close(handle)


def text(top: Path, path: str, limit: int) -> bytes:
    """What is in it. Raises ``OSError`` where that is more than ``limit`` bytes."""
    with opened(top, path) as handle:
        found = b"".join(_pieces(handle, limit))
    if len(found) > limit:
        raise OSError(f"{path!a} has more than {limit} bytes")
    return found


def copy(top: Path, path: str, place: Path, size: int) -> str:
    """Copies it to the new file ``place``, ``size`` bytes and one more at most; returns the copy's SHA-256 checksum."""
    digest = hashlib.sha256()
    with opened(top, path) as handle, place.open("xb") as file:
        for piece in _pieces(handle, size):
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def checksum(top: Path, path: str, size: int) -> str:
    """The SHA-256 checksum of its first ``size`` bytes, and of one more where there is one."""
    digest = hashlib.sha256()
    with opened(top, path) as handle:
        for piece in _pieces(handle, size):
            digest.update(piece)
    return digest.hexdigest()


def _pieces(handle: int, size: int) -> Iterator[bytes]:
    left = size + 1
    while left and (piece := os.read(handle, min(left, _PIECE))):
        left -= len(piece)
        yield piece

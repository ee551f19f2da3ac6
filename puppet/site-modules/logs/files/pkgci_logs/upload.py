"""What a job leaves when it is over: plain files, each of a known size, below its build's folder.

The conversation, over one connection. The client begins with two lines, the token and the secret (see ``claim``); the
answer is ``ready``. Then, for each file:

    file N NAME  and a newline; the answer is ``send`` or, where there is such a file, ``kept``
    N bytes      only after ``send``
    end          and a newline: nothing more will come

whereupon the answer is ``kept`` and the number of files. There is no word for a link, a device or a mode. A file is
there with all its bytes, or is not there, and what is there is never changed. How much a build may send counts what is
there already, and is looked at before a byte is taken.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from .claim import claim
from .room import Room
from .store import CONSOLE, JOB, RESULT, BuildPath, Refused, opened_below
from .words import SILENCE, Words

# More than pkgci-job sends (pkgci_steps/job/results.py), with its result.
SIZE_LIMIT = 520 * 1000 * 1000  # bytes
COUNT_LIMIT = 1000  # files and folders
RESULT_LIMIT = 4 * 1024 * 1024  # bytes
_DEEPEST = 12  # folders
_LONGEST = 500  # characters
# What packages and logs are called; nothing hidden, and nothing that a shell, a page or a terminal takes for its own.
_NAME = r"[A-Za-z0-9_+][A-Za-z0-9._+~^%@=,:&#()-]{0,250}"
_FILE = re.compile(rf"file (?P<size>[0-9]{{1,12}}) (?P<name>{_NAME}(/{_NAME})*)")
_TEMPORARY = ".part"


@dataclass(frozen=True)
class Limits:
    """What a build may send, in bytes and in files."""

    size: int = SIZE_LIMIT
    count: int = COUNT_LIMIT


class _Folder:
    """The build's folder, which one connection at a time adds to."""

    def __init__(self, room: Room, handle: int, limits: Limits) -> None:
        self._room = room
        self._handle = handle
        self._limits = limits
        fcntl.flock(handle, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):  # of a connection that broke
            os.unlink(_TEMPORARY, dir_fd=handle)
        self._size, self._count = _measured(handle)

    def lacks(self, name: str, size: int) -> bool:
        """Whether the file is to be sent. Raises ``Refused`` where it is too much."""
        with suppress(FileNotFoundError, NotADirectoryError):
            os.stat(name, dir_fd=self._handle, follow_symlinks=False)
            return False
        if name == RESULT and size > RESULT_LIMIT:
            raise Refused(f"{RESULT} has at most {RESULT_LIMIT} bytes")
        if self._count >= self._limits.count:
            raise Refused(f"a build has at most {self._limits.count} files")
        if self._size + size > self._limits.size:
            raise Refused(f"a build has at most {self._limits.size} bytes")
        self._room.check(size)
        return True

    def keep(self, name: str, size: int, words: Words) -> None:
        """Takes the file's bytes, and puts it in its place as a whole."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        handle = os.open(_TEMPORARY, flags, 0o644, dir_fd=self._handle)
        try:
            for piece in words.pieces(size):
                while piece:
                    piece = piece[os.write(handle, piece) :]
            os.fdatasync(handle)
            *above, base = name.split("/")
            folder = opened_below(os.dup(self._handle), above)
            try:
                with suppress(FileExistsError):
                    os.link(_TEMPORARY, base, src_dir_fd=self._handle, dst_dir_fd=folder, follow_symlinks=False)
            finally:
                os.close(folder)
        finally:
            os.close(handle)
            os.unlink(_TEMPORARY, dir_fd=self._handle)
        self._size += size
        self._count += 1


def upload(
    room: Room,
    path: BuildPath,
    key: bytes,
    source: int,
    answer: Callable[[str], None],
    silence: float = SILENCE,
    limits: Limits = Limits(),
) -> bool:
    """Keeps the files that come from ``source``; whether all came. Raises ``Refused``; ``OSError`` for a full disk."""
    words = Words(source, silence)
    try:
        claim(room.store, path, words, key)
        handle = room.store.opened(path)
        try:
            folder, count = _Folder(room, handle, limits), 0
            answer("ready")
            while (line := words.line(_LONGEST + 20)) != "end":
                name, size = _file(line)
                wanted = folder.lacks(name, size)
                answer("send" if wanted else "kept")
                if wanted:
                    folder.keep(name, size, words)
                count += 1
                if count > limits.count:
                    raise Refused(f"a build has at most {limits.count} files")
            answer(f"kept {count}")
            return True
        finally:
            os.close(handle)
    except (EOFError, ConnectionError):
        return False


def _file(line: str) -> tuple[str, int]:
    """The name and the size of a file. Raises ``Refused``."""
    match = _FILE.fullmatch(line)
    if match is None or ".." in line or len(match["name"]) > _LONGEST or match["name"].count("/") > _DEEPEST:
        raise Refused(f"not a file that is kept here: {line[:200]!a}")
    if match["name"] in (CONSOLE, JOB):
        raise Refused(f"{match['name']} is the log's own")
    return match["name"], int(match["size"])


def _measured(handle: int) -> tuple[int, int]:
    """The bytes of the files below a folder, and the number of files and folders. No link is followed."""
    size = count = 0
    for _, folders, files, folder in os.fwalk(".", dir_fd=handle):
        count += len(folders)
        for name in files:
            if name not in (CONSOLE, JOB):
                size += os.stat(name, dir_fd=folder, follow_symlinks=False).st_size
                count += 1
    return size, count

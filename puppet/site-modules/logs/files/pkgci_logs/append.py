"""A log that grows while its job runs: each piece is kept as it comes, so that a host that dies leaves what it said.

The conversation, over one connection. The client begins with three lines: the token and the secret (see ``claim``), and
one JSON object that says what runs. The answer is the number of bytes that are there already; the client sends what
follows them:

    N            and a newline, then N bytes of log; 0 says only that the job is still there
    end          and a newline: nothing more will come

whereupon the answer is ``kept`` and the size. Whoever has the secret of a log that has not ended can connect again and
go on where it is; nobody else can add to it, and what is there is never changed.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from .claim import Claim, claim
from .room import Room
from .store import CONSOLE, JOB, BuildPath, Refused
from .words import SILENCE, Words

LIMIT = 80 * 1024 * 1024  # bytes of a log: pkgci-job stops at 64 MiB, and then adds some lines of its own
JOB_LIMIT = 16 * 1024  # bytes
SYNC = 2.0  # seconds


class Console:
    """The file that grows, for as long as nobody else goes on with it."""

    def __init__(self, handle: int, limit: int, room: Room) -> None:
        self._handle = handle
        self._limit = limit
        self._room = room
        self._synced = time.monotonic()
        self.size = os.fstat(handle).st_size

    def add(self, piece: bytes) -> None:
        with self._mine():
            if self.size + len(piece) > self._limit:
                raise Refused(f"a log has at most {self._limit} bytes")
            while piece:
                written = os.write(self._handle, piece)
                self.size += written
                piece = piece[written:]
        if time.monotonic() - self._synced > SYNC:
            self.sync()
            self._room.check()

    def touch(self) -> None:
        """The time of its last change is when the job was last heard of."""
        os.utime(self._handle)

    def sync(self) -> None:
        os.fdatasync(self._handle)
        self._synced = time.monotonic()

    @contextmanager
    def _mine(self) -> Iterator[None]:
        """A connection that hangs may come to life when another one already goes on with its log."""
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        try:
            if os.fstat(self._handle).st_size != self.size:
                raise Refused("another connection goes on with this log")
            yield
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_UN)


def append(
    room: Room,
    path: BuildPath,
    key: bytes,
    source: int,
    answer: Callable[[str], None],
    begun: Callable[[], None],
    silence: float = SILENCE,
    limit: int = LIMIT,
) -> bool:
    """Keeps what comes from ``source``; whether it came to its end. Raises ``Refused``. ``begun`` is called once."""
    words = Words(source, silence)
    try:
        claimed = claim(room.store, path, words, key)
        job = words.line(JOB_LIMIT)
        room.check()
        folder = room.store.opened(path)
        try:
            handle = _console(claimed, folder)
            _keep_job(folder, job)
        finally:
            os.close(folder)
        begun()
        try:
            return _converse(words, Console(handle, limit, room), answer, claimed.end_log)
        finally:
            os.close(handle)
    except (EOFError, ConnectionError):
        return False


def _converse(words: Words, console: Console, answer: Callable[[str], None], over: Callable[[], None]) -> bool:
    try:
        answer(str(console.size))
        while (line := words.line()) != "end":
            if not re.fullmatch(r"[0-9]{1,9}", line):
                raise Refused("not a number of bytes")
            for piece in words.pieces(int(line)):
                console.add(piece)
            if line == "0":
                console.touch()
    finally:
        console.sync()
    over()
    answer(f"kept {console.size}")
    return True


def _console(claimed: Claim, folder: int) -> int:
    if claimed.log_ended:
        raise Refused("this log has ended")
    flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CREAT | (os.O_EXCL if claimed.is_first else 0)
    try:
        return os.open(CONSOLE, flags, 0o644, dir_fd=folder)
    except FileExistsError:
        raise Refused("this log has ended") from None


def _keep_job(folder: int, text: str) -> None:
    """What runs, for whoever looks before there is a result."""
    try:
        job = json.loads(text)
    except (ValueError, RecursionError):
        job = None
    if not isinstance(job, dict):
        raise Refused("the third line is no JSON object")
    with suppress(FileExistsError):
        handle = os.open(JOB, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=folder)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump(job, file, indent=2)

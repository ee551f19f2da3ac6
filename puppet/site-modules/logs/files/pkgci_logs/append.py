"""A log that grows while its job runs: each piece is kept as it comes, so that a host that dies leaves what it said.

The conversation, over one connection. The client begins with two lines: a token, and one JSON object that says what
runs. The answer is the number of bytes that are there already; the client sends what follows them:

    N            and a newline, then N bytes of log; 0 says only that the job is still there
    end          and a newline: nothing more will come

whereupon the answer is ``kept`` and the size. Whoever has the token of a log that has not ended can connect again and
go on where it is; nobody else can add to it, and what is there is never changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .store import CONSOLE, JOB, BuildPath, Refused, Store

LIMIT = 80 * 1024 * 1024  # bytes of a log: pkgci-job stops at 64 MiB, and then adds some lines of its own
JOB_LIMIT = 16 * 1024  # bytes
SILENCE = 120.0  # seconds without a word after which the client is gone
SYNC = 2.0  # seconds


class Words:
    """What the client says: lines, and pieces of a known size."""

    def __init__(self, handle: int, silence: float) -> None:
        self._handle = handle
        self._silence = silence
        self._read = b""

    def _more(self) -> None:
        if not select.select([self._handle], [], [], self._silence)[0]:
            raise EOFError
        piece = os.read(self._handle, 65536)
        if not piece:
            raise EOFError
        self._read += piece

    def line(self, limit: int = 100) -> str:
        """The next line, without its end."""
        while b"\n" not in self._read[: limit + 1]:
            if len(self._read) > limit:
                raise Refused("a line is too long")
            self._more()
        line, _, self._read = self._read.partition(b"\n")
        return line.decode("ascii", errors="replace")

    def pieces(self, size: int) -> Iterator[bytes]:
        """The next ``size`` bytes, as they come."""
        while size:
            if not self._read:
                self._more()
            piece, self._read = self._read[:size], self._read[size:]
            size -= len(piece)
            yield piece


class Console:
    """The file that grows, for as long as nobody else goes on with it."""

    def __init__(self, handle: int, limit: int) -> None:
        self._handle = handle
        self._limit = limit
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
    store: Store,
    path: BuildPath,
    source: int,
    answer: Callable[[str], None],
    begun: Callable[[], None],
    silence: float = SILENCE,
    limit: int = LIMIT,
) -> bool:
    """Keeps what comes from ``source``; whether it came to its end. Raises ``Refused``. ``begun`` is called once."""
    words = Words(source, silence)
    try:
        token, job = words.line(), words.line(JOB_LIMIT)
        if not re.fullmatch(r"[0-9a-f]{32,64}", token):
            raise Refused("a log begins with a token")
        mark = store.streams / hashlib.sha256(path.text.encode()).hexdigest()
        folder = store.opened(path)
        try:
            handle = _console(store, mark, path, folder, token)
            _keep_job(folder, job)
        finally:
            os.close(folder)
        begun()
        try:
            return _converse(words, Console(handle, limit), answer, lambda: mark.unlink(missing_ok=True))
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


def _console(store: Store, mark: Path, path: BuildPath, folder: int, token: str) -> int:
    """The log, for whoever has its token. The token is in no file: its checksum is, where nobody sends files to."""
    hashed = hashlib.sha256(token.encode()).hexdigest()
    temporary = store.streams / f".{hashed}.{os.getpid()}"
    temporary.write_text(f"{hashed} {path.text}\n")
    try:
        os.link(temporary, mark)
        first = True
    except FileExistsError:
        first = False
        known = mark.read_text().split(" ")[0]
        if not hmac.compare_digest(known, hashed):
            raise Refused("this log is somebody else's") from None
    finally:
        temporary.unlink()
    flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CREAT | (os.O_EXCL if first else 0)
    try:
        return os.open(CONSOLE, flags, 0o644, dir_fd=folder)
    except FileExistsError:
        mark.unlink()
        raise Refused("this log has ended") from None


def _keep_job(folder: int, text: str) -> None:
    """What runs, for whoever looks before there is a result."""
    try:
        job = json.loads(text)
    except ValueError:
        job = None
    if not isinstance(job, dict):
        raise Refused("the second line is no JSON object")
    with suppress(FileExistsError):
        handle = os.open(JOB, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=folder)
        with os.fdopen(handle, "w") as file:
            json.dump(job, file, indent=2)

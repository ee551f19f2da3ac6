"""What a job leaves, on its way to the log server when the job is over: file by file, the result last.

The conversation is described where the log server has its part (logs: pkgci_logs/upload.py). What the log server has
already is not sent again.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import BinaryIO, cast

from ..log import Log
from ..programs import Stop
from ..status import Ended, Status
from ..step import RESULT
from .attempts import attempts
from .log_server import REFUSED, Access, LogServer, connected, ended

SECONDS = 300.0  # for all files
_PIECE = 1 << 20


def upload(folder: Path, access: Access, server: LogServer, log: Log) -> None:
    """Adds what is in ``folder`` to the build's folder on the log server. Raises ``Ended``."""
    attempts(lambda: _attempt(folder, access, server, log), "keep the results", log, Stop())


def _attempt(folder: Path, access: Access, server: LogServer, log: Log) -> int:
    """The exit status of one connection. Raises ``Ended``: there is no second attempt at what is refused."""
    process = connected(server.command("upload", access.path), folder)
    watch = threading.Timer(SECONDS, process.kill)
    watch.start()
    kept = False
    try:
        kept = _converse(folder, access, cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout))
    except (OSError, ValueError):
        pass  # it does not listen any more, or says something else: its exit status tells why
    finally:
        watch.cancel()
        said = ended(process)
    if kept:
        return 0
    if process.returncode == REFUSED:
        raise Ended(Status.MISUSED, f"the log server says: {said}")
    if said:
        log.say(f"the log server says: {said}")
    return process.returncode or 1


def _converse(folder: Path, access: Access, to: BinaryIO, answers: BinaryIO) -> bool:
    """Whether the log server has every file. Raises ``OSError`` and ``ValueError`` where it does not listen."""
    to.write(access.head)
    to.flush()
    _expect(answers, b"ready")
    files = sorted((file for file in folder.rglob("*") if file.is_file() and not file.is_symlink()), key=_last)
    for file in files:
        _send(file, str(file.relative_to(folder)), to, answers)
    to.write(b"end\n")
    to.flush()
    return answers.readline(100) == b"kept %d\n" % len(files)


def _last(file: Path) -> tuple[bool, str]:
    """Whoever finds the result knows that everything else is there."""
    return file.name == RESULT, str(file)


def _send(file: Path, name: str, to: BinaryIO, answers: BinaryIO) -> None:
    with file.open("rb") as content:
        left = os.fstat(content.fileno()).st_size
        to.write(f"file {left} {name}\n".encode("ascii"))
        to.flush()
        if _expect(answers, b"send", b"kept") == b"kept":
            return
        while left:
            piece = content.read(min(left, _PIECE))
            if not piece:
                raise OSError(f"{name} has become shorter")
            to.write(piece)
            left -= len(piece)


def _expect(answers: BinaryIO, *words: bytes) -> bytes:
    answer = answers.readline(100).strip()
    if answer not in words:
        raise ValueError("another answer than those that there are")
    return answer

"""Runs commands as they find an operator's machine: without a name, a home, room, colours, an open standard output…

A program of its own, in a locale that has ASCII and nothing else. It has loaded pkgci before it forks, once for each
run: hundreds of them take seconds. No host can be reached from it. Standard input: JSON, a list of [machine, arguments,
folder with the site, seconds]. Standard output: JSON, a list of [exit status, standard output, standard error].
"""

import errno
import importlib
import json
import os
import pty
import pwd
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from pkgci.cli.main import COMMANDS, main
from pkgci.secrets import openpgp

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def usual() -> None:
    """Nothing is special."""


def nameless() -> None:
    """A user that is a number, in an image that knows no such user."""

    def unknown(_: int) -> None:
        raise KeyError("uid not found")

    pwd.getpwuid = unknown
    for name in ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME"):
        os.environ.pop(name, None)


def refusing(number: int) -> Callable[[], None]:
    """A file system that lets nothing be written to it."""

    def refuse() -> None:
        opened, made = os.open, os.mkdir
        here = str(Path.cwd())

        def of_ours(path: object) -> bool:
            return isinstance(path, str | os.PathLike) and os.path.abspath(path).startswith(here)

        def open_(path: object, flags: int, *rest: object, **named: object) -> int:
            if of_ours(path) and flags & WRITING:
                raise OSError(number, os.strerror(number), str(path))
            return opened(path, flags, *rest, **named)

        def mkdir(path: object, *rest: object, **named: object) -> None:
            if of_ours(path) and not os.path.isdir(path):
                raise OSError(number, os.strerror(number), str(path))
            made(path, *rest, **named)

        os.open, os.mkdir = open_, mkdir

    return refuse


def closed(*numbers: int) -> Callable[[], None]:
    """A shell that has closed these."""

    def close() -> None:
        for number in numbers:
            os.close(number)

    return close


def with_output(path: str) -> Callable[[], None]:
    def redirect() -> None:
        os.dup2(os.open(path, os.O_WRONLY), 1)

    return redirect


def nobody_reads() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.dup2(writing, 1)


def environment(**values: str) -> Callable[[], None]:
    return lambda: os.environ.update(values)


MACHINES: dict[str, Callable[[], None]] = {
    "usual": usual,
    "nameless": nameless,
    "read-only": refusing(errno.EROFS),
    "full": refusing(errno.ENOSPC),
    "no standard input": closed(0),
    "no standard output": closed(1),
    "no standard error": closed(2),
    "no standard anything": closed(0, 1, 2),
    "full standard output": with_output("/dev/full"),
    "nobody reads": nobody_reads,
    "narrow terminal": environment(COLUMNS="1", LINES="1"),
    "terminal": usual,
    "terminal without colours": environment(NO_COLOR="1"),
    "dumb terminal": environment(TERM="dumb"),
    "forced colours": environment(FORCE_COLOR="1"),
}


def run(machine: str, arguments: list[str], folder: str, seconds: int) -> tuple[int, str, str]:
    """One command on ``machine``. A terminal is standard output and standard error at once."""
    files = [tempfile.TemporaryFile() for _ in range(2)]
    child, screen = pty.fork() if "terminal" in machine else (os.fork(), -1)
    if child == 0:
        signal.alarm(seconds)
        try:
            _become(machine, folder, files if screen == -1 else [])
            main(arguments)
        except SystemExit as error:
            _flush()
            os._exit(int(error.code or 0))
        except BaseException as error:
            sys.excepthook(type(error), error, error.__traceback__)
            _flush()
        os._exit(99)
    shown = _read(screen) if screen != -1 else b""
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    out, err = (shown, b"") if screen != -1 else (_content(file) for file in files)
    return status, out.decode(errors="replace"), err.decode(errors="replace")


def _become(machine: str, folder: str, files: list[IO[bytes]]) -> None:
    if files:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, file in enumerate(files, 1):
        os.dup2(file.fileno(), number)
    os.chdir(folder)
    MACHINES[machine]()
    # What Python does when it starts.
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            stream = None
        else:
            stream = open(number, "w" if number else "r", encoding="ascii", errors="strict", closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _content(file: IO[bytes]) -> bytes:
    with file:
        file.seek(0)
        return file.read()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _read(screen: int) -> bytes:
    shown = b""
    while True:
        try:
            piece = os.read(screen, 65536)
        # The other end is closed.
        except OSError:
            piece = b""
        if not piece:
            os.close(screen)
            return shown
        shown += piece


def _refuse_connection(*_: object) -> None:
    raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


if __name__ == "__main__":
    openpgp.ALGORITHM = "ed25519"
    socket.socket.connect = _refuse_connection
    for name in (*(f"pkgci.cli.{one.replace('-', '_')}" for one in COMMANDS), "pkgci.cli.connect", "fabric", "docker"):
        importlib.import_module(name)
    results = [run(*one) for one in json.loads(sys.stdin.buffer.read())]
    sys.stdout.write(json.dumps(results))

"""Runs commands as they find an operator's machine: without a name, a home, room, colours, an open standard output…

A program of its own, in a locale that has ASCII and nothing else. It has loaded pkgci before it forks, once for each
run: hundreds of them take seconds. No host can be reached from it. Standard input: JSON, a list of [machine, arguments,
folder with the site, seconds]. Standard output: JSON, a list of [exit status, standard output, standard error].
"""

import errno
import importlib
import json
import os
import pkgutil
import pty
import pwd
import re
import select
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pkgci
from pkgci.cli.main import main
from pkgci.connectivity import run as connectivity
from pkgci.secrets import openpgp

# Programs for hosts, and of the lab's hosts.
NOT_FOR_OPERATORS = re.compile(r"on_host|probe|__main__|stand_ins\.(jenkins|review)")
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
            return isinstance(path, str | os.PathLike) and str(Path(path).absolute()).startswith(here)

        def open_(path: object, flags: int, *rest: object, **named: object) -> int:
            if of_ours(path) and flags & WRITING:
                raise OSError(number, os.strerror(number), str(path))
            return opened(path, flags, *rest, **named)

        def mkdir(path: object, *rest: object, **named: object) -> None:
            if of_ours(path) and not Path(str(path)).is_dir():
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
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, Path(os.devnull).open("rb") as nothing:
        if "terminal" in machine:
            screen, line = pty.openpty()
            child = _start(machine, arguments, folder, seconds, (nothing.fileno(), line, line))
            status, shown = _watch(child, screen)
            for number in (screen, line):
                os.close(number)
            return status, shown.decode(errors="replace"), ""
        child = _start(machine, arguments, folder, seconds, (nothing.fileno(), out.fileno(), err.fileno()))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for file in (out, err):
            file.seek(0)
        return status, out.read().decode(errors="replace"), err.read().decode(errors="replace")


def _start(machine: str, arguments: list[str], folder: str, seconds: int, streams: tuple[int, int, int]) -> int:
    child = os.fork()
    if child:
        return child
    signal.alarm(seconds)
    try:
        _become(machine, folder, streams)
        main(arguments)
    except SystemExit as error:
        _flush()
        os._exit(int(error.code or 0))
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        _flush()
    os._exit(99)


def _watch(child: int, screen: int) -> tuple[int, bytes]:
    """What ``child`` ends with, and all that it shows until then."""
    shown, status = b"", None
    while True:
        if select.select([screen], [], [], 0 if status is not None else 0.02)[0]:
            shown += os.read(screen, 65536)
        elif status is not None:
            return os.waitstatus_to_exitcode(status), shown
        else:
            ended, code = os.waitpid(child, os.WNOHANG)
            status = code if ended else None


def _become(machine: str, folder: str, streams: tuple[int, int, int]) -> None:
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    os.chdir(folder)
    MACHINES[machine]()
    # What Python does when it starts.
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            stream = None
        else:
            # For as long as the process lives.
            stream = open(number, "w" if number else "r", encoding="ascii", errors="strict", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _refuse_connection(*_: object) -> None:
    raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


if __name__ == "__main__":
    openpgp.ALGORITHM = "ed25519"
    socket.socket.connect = _refuse_connection
    sleep = time.sleep
    time.sleep = lambda seconds: sleep(min(seconds, 0.01))
    for one in pkgutil.walk_packages(pkgci.__path__, "pkgci."):
        if not NOT_FOR_OPERATORS.search(one.name):
            importlib.import_module(one.name)
    connectivity._PROBE_LIMIT = 0.2
    results = [run(*one) for one in json.loads(sys.stdin.buffer.read())]
    sys.stdout.write(json.dumps(results))

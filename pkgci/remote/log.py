"""What is done on hosts and servers, in lines for a log: who, what, how long, how many bytes, how it ended.

The lines go to the logger ``pkgci.remote``; who listens decides what becomes of them. A line never holds what was sent
or received, as secrets are among that.
"""

from __future__ import annotations

import logging
import shlex
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from pkgci.remote.session import Completed, Session

P = ParamSpec("P")
T = TypeVar("T")

_LOGGER = logging.getLogger("pkgci.remote")


class Entry:
    """One thing that is done at ``place``; ``facts`` are what is known of it at its end."""

    def __init__(self, place: str, what: str) -> None:
        self.place = place
        self.what = what
        self.facts: dict[str, object] = {}

    def __str__(self) -> str:
        facts = "".join(f" {name}={value}" for name, value in self.facts.items())
        return f"{self.place}: {self.what}{facts}"


@contextmanager
def logged(place: str, what: str, detail: str = "") -> Iterator[Entry]:
    """Logs that ``what`` is done at ``place``: its beginning for who wants everything, its end for all.

    ``detail`` is what may be long, as a command.
    """
    entry = Entry(place, what)
    last = f" {detail}" if detail else ""
    _LOGGER.debug("%s begins%s", entry, last)
    began = time.monotonic()
    try:
        yield entry
    except GeneratorExit:
        # Whoever followed it has seen enough.
        raise
    except BaseException as error:
        entry.facts["failed"] = shlex.quote(str(error) or type(error).__name__)
        raise
    finally:
        entry.facts["seconds"] = f"{time.monotonic() - began:.3f}"
        _LOGGER.info("%s%s", entry, last)


def logged_run(
    run: Callable[Concatenate[Session, str, P], Completed],
) -> Callable[Concatenate[Session, str, P], Completed]:
    """``Session.run``, with a line in the log for each command."""

    @wraps(run)
    def logging_run(session: Session, command: str, /, *args: P.args, **options: P.kwargs) -> Completed:
        with logged(session.host.name, "run", f"command={shlex.quote(command)}") as entry:
            completed = run(session, command, *args, **options)
            received = len(completed.stdout.encode()) + len(completed.stderr.encode())
            entry.facts |= {"status": completed.status, "sent": _size(options.get("stdin")), "received": received}
        return completed

    return logging_run


def logged_stream(
    stream: Callable[Concatenate[Session, str, P], Generator[str, None, Completed]],
) -> Callable[Concatenate[Session, str, P], Generator[str, None, Completed]]:
    """``Session.stream``, with a line in the log for each command."""

    @wraps(stream)
    def logging_stream(
        session: Session, command: str, /, *args: P.args, **options: P.kwargs
    ) -> Generator[str, None, Completed]:
        with logged(session.host.name, "follow", f"command={shlex.quote(command)}") as entry:
            entry.facts |= {"sent": _size(options.get("stdin")), "received": 0}
            received = 0
            lines = stream(session, command, *args, **options)
            try:
                while True:
                    line = next(lines)
                    received += len(line.encode()) + 1
                    entry.facts["received"] = received
                    yield line
            except StopIteration as stop:
                completed: Completed = stop.value
                entry.facts["status"] = completed.status
                return completed
            finally:
                lines.close()

    return logging_stream


def logged_connect(connect: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], T]:
    """What opens a connection to the host that it is given first, with a line in the log for each."""

    @wraps(connect)
    def logging_connect(host: Any, /, *args: P.args, **options: P.kwargs) -> T:
        where = f"{host.ssh.user}@{host.address} port {host.ssh.port}"
        with logged(host.name, "connect", where + (f" through {host.ssh.jump}" if host.ssh.jump else "")):
            return connect(host, *args, **options)

    return logging_connect


def _size(stdin: object) -> int:
    return len(stdin) if isinstance(stdin, bytes) else 0

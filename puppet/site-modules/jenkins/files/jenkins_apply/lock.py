"""One run at a time: Puppet's, or the one that somebody began by hand."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .nodes import PAUSE, Clock
from .settings import ApplyError


@contextmanager
def alone(file: Path, patience: float, say: Callable[[str], None], clock: Clock | None = None) -> Iterator[None]:
    """Holds the lock on ``file``. Waits for another run that has it, and ``say``s so once. Raises ``ApplyError``.

    The lock goes with its process, however that ends; the file stays, and names who holds it, or was the last one.
    """
    clock = clock or Clock()
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600), "r+") as handle:
        deadline, told = clock.now() + patience, False
        while not _taken(handle.fileno()):
            handle.seek(0)
            other = f"another run of jenkins-apply is at work (process {handle.read().strip() or 'unknown'})"
            if clock.now() >= deadline:
                raise ApplyError(f"after {patience:.0f} s {other}: run the same again when it has ended")
            if not told:
                say(f"{other}: waiting up to {patience:.0f} s for it")
                told = True
            clock.sleep(PAUSE)
        handle.seek(0)
        handle.truncate()
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""One program at a time does something: changes a repository, makes a root."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .programs import Stop
from .status import Ended, Status

_POLL_SECONDS = 0.1


@contextmanager
def locked(path: Path, stop: Stop, busy: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Holds the lock that the file ``path`` stands for; it goes with this process, however that ends.

    ``busy`` is called, once, if another program has it. Whoever holds it may remove the file. Raises ``Ended``
    (aborted) where this program is asked to stop meanwhile.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _wait(handle, stop, busy)
            if _is_still(handle, path):
                yield
                return
        finally:
            os.close(handle)


def _wait(handle: int, stop: Stop, busy: Callable[[], object]) -> None:
    told = False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                busy()
                told = True
            if stop.asked:
                raise Ended(Status.ABORTED, "it was asked to stop") from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def _is_still(handle: int, path: Path) -> bool:
    """Whether ``path`` is the file behind ``handle``: who held the lock before may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False

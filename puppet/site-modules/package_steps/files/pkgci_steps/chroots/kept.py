"""The tarballs that are kept: where they are, who may make one, how one takes another's place."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..settings import CHROOTS, Target
from ..status import Ended, Status
from ..step import Step
from .makers import MAKERS
from .purpose import Purpose


def ensure(step: Step, target: Target, purpose: Purpose, folder: Path = CHROOTS) -> Path:
    """The tarball of ``target``'s root, made if there is none; where another program makes it, that is waited for.

    Raises ``Ended``: infrastructure where it cannot be made, aborted.
    """
    file = path(target, purpose, folder)
    if not file.exists():
        step.log.say(f"there is no {file} yet: it is made now, once")
        with turn(step, file):
            if not file.exists():
                _make(step, target, purpose, file)
    return file


def refresh(step: Step, target: Target, purpose: Purpose, folder: Path = CHROOTS) -> Path:
    """The tarball of ``target``'s root, made anew. Raises as ``ensure``."""
    file = path(target, purpose, folder)
    with turn(step, file):
        _make(step, target, purpose, file)
    return file


def path(target: Target, purpose: Purpose, folder: Path = CHROOTS) -> Path:
    """Where the tarball is."""
    return folder / f"{target.name}-{purpose.value}.tar"


def _make(step: Step, target: Target, purpose: Purpose, file: Path) -> None:
    temporary = file.with_name(f".{file.name}.new")
    started = time.monotonic()
    try:
        MAKERS[target.kind](step, target, purpose, temporary)
        if not temporary.exists():
            raise Ended(Status.INFRASTRUCTURE, f"{file} was not made")
        size = temporary.stat().st_size
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    step.log.say(f"made {file}: {size / 1e6:.0f} MB in {time.monotonic() - started:.0f} s")


@contextmanager
def turn(step: Step, file: Path) -> Iterator[None]:
    """Only one program makes a file. The lock goes with whoever holds it."""
    with file.with_name(f".{file.name}.lock").open("w") as lock:
        said = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not said:
                    step.log.say(f"another program makes {file}: waiting for it")
                    said = True
            if step.stop.asked:
                raise Ended(Status.ABORTED, "it was asked to stop")
            time.sleep(0.5)
        yield

"""What asks pkgci to end: SIGTERM and SIGHUP end it as ^C does, so that what it has to put away is put away."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

_ENDING = (signal.SIGTERM, signal.SIGHUP)


class Ended(KeyboardInterrupt):
    """A signal asked for the end. ``status`` is what a shell says of a program that a signal ended."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


def end_as_interrupted() -> None:
    """From now on these signals raise ``Ended`` in the main thread; one that is ignored (`nohup`) stays so."""
    for number in _ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, _: FrameType | None) -> NoReturn:
    # To put things away takes a moment, and nobody shortens it by asking again.
    for one in _ENDING:
        signal.signal(one, signal.SIG_IGN)
    raise Ended(number)

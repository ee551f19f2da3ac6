"""What asks pkgci to end: SIGTERM and SIGHUP end it as ^C does, so that what it has to put away is put away."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import NoReturn

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# To put things away takes a moment. Where it does not come to an end (a device that hangs), this ends it (seconds).
_LAST_RESORT = 15
# How soon a signal is sent again that nobody has heard (seconds).
_REPEAT = 0.1
_heard = threading.Event()


class Ended(KeyboardInterrupt):
    """A signal asked for the end. ``status`` is what a shell says of a program that a signal ended."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


def end_as_interrupted() -> None:
    """From now on these signals raise ``Ended`` in the main thread; one that is ignored (`nohup`) stays so."""
    for number in _ENDING:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _end)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_repeat, args=(reader, threading.get_ident()), name="signals", daemon=True).start()


def _repeat(reader: int, main: int) -> None:
    """Sends an ending signal again until the thread ``main`` has heard it.

    Python acts on a signal between two steps of a program. One that arrives after the last step before a long wait, and
    before the wait itself, would be heard when that is over.
    """
    while True:
        for number in os.read(reader, 64):
            while number in _ENDING and not _heard.wait(_REPEAT):
                signal.pthread_kill(main, number)


def leave(status: int) -> NoReturn:
    """Ends this process. After a signal at once: threads that still wait for a host are not waited for."""
    if _heard.is_set():
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)
    # From here on nobody is left to hear one.
    for number in _ENDING:
        if signal.getsignal(number) is _end:
            signal.signal(number, signal.SIG_DFL)
    sys.exit(status)


def _end(number: int, _: FrameType | None) -> NoReturn:
    # Nobody shortens the tidying by asking again.
    for one in _ENDING:
        signal.signal(one, signal.SIG_IGN)
    _heard.set()
    # No thread does this: the signal may have come while the main thread held a lock that a new thread needs.
    signal.signal(signal.SIGALRM, lambda *_: os._exit(128 + number))
    signal.alarm(_LAST_RESORT)
    raise Ended(number)

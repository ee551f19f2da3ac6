"""A step's log."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import BinaryIO

from .text import in_line

LIMIT = 64 * 1024 * 1024  # bytes: a change must not fill a disk with words


class Log:
    """The step's log: in a file, and on standard output as long as somebody reads that. ``who`` is the program.

    With a ``clock``, each line of our own has its time.
    """

    def __init__(
        self, file: BinaryIO, who: str, limit: int = LIMIT, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._file = file
        self._who = who
        self._left = limit
        self._clock = clock

    def say(self, text: str) -> None:
        """Words of our own: never cut off. What they quote of strangers begins no line and tells a terminal nothing."""
        moment = f"{self._clock():%H:%M:%S} " if self._clock else ""
        lines = "\n  ".join(map(in_line, text.split("\n")))
        self._write(f"{moment}{self._who}: {lines}\n".encode())

    def add(self, output: bytes) -> None:
        """Output of what runs, up to the limit."""
        if self._left <= 0:
            return
        self._write(output[: self._left])
        self._left -= len(output)
        if self._left <= 0:
            self._write(b"\n")
            self.say("the log is too long: the rest is left out")

    @property
    def who(self) -> str:
        """The program whose log it is."""
        return self._who

    def _write(self, output: bytes) -> None:
        self._file.write(output)
        self._file.flush()
        with suppress(OSError):  # whoever read our output has hung up: the file still gets everything
            sys.stdout.buffer.write(output)
            sys.stdout.buffer.flush()


class Aside(Log):
    """What is said while others speak: kept in ``file``, until it is their turn to be added to ``log``."""

    def __init__(self, file: BinaryIO, log: Log) -> None:
        super().__init__(file, log.who)

    def text(self) -> bytes:
        """All that was said."""
        self._file.seek(0)
        return self._file.read()

    def _write(self, output: bytes) -> None:
        self._file.write(output)

"""What commands write to: results to standard output, progress and remarks to standard error."""

from __future__ import annotations

import json
import sys
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.status import Status


def output() -> Console:
    """Standard output. Piped, it has no colours and lines are not folded."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), markup=False)


def remarks() -> Console:
    """Standard error, for progress and remarks."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty(), markup=False)


def print_json(value: Any) -> None:
    """Writes ``value`` as JSON to standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


class Progress:
    """One line at the bottom of a terminal; nothing at all where there is none.

    ``reading`` and ``writing`` are what it says, with braces for how many of how many.
    """

    def __init__(self, reading: str, writing: str) -> None:
        screen = remarks()
        self._reading = reading
        self._writing = writing
        self._status: Status | None = screen.status("") if screen.is_terminal else None
        self._running = False

    def say(self, words: str) -> None:
        """Shows ``words`` until others come."""
        if self._status is not None:
            self._status.update(words)
            if not self._running:
                self._status.start()
                self._running = True

    def read(self, count: int, of: int) -> None:
        """So many have been read."""
        self.say(self._reading.format(count, of))

    def write(self, count: int, of: int) -> None:
        """So many have been written."""
        self.say(self._writing.format(count, of))

    def stop(self) -> None:
        """Takes the line away."""
        if self._status is not None and self._running:
            self._status.stop()
            self._running = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

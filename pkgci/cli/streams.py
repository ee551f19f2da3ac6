"""Standard input, output and error, however the shell left them: closed, full, or in another encoding than UTF-8."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TextIO

# Terminals that show text and nothing else.
_PLAIN_TERMINALS = frozenset(("", "dumb", "unknown"))
# Nothing is laid out for a terminal narrower than this: it folds the lines itself.
_NARROWEST = 20


class _Output(io.FileIO):
    """Standard output or standard error. What it cannot take is lost, and stops no command in the middle of its work.

    ``gone`` is what was wrong then: another value than None means that nobody gets the whole.
    """

    def __init__(self, number: int) -> None:
        self.gone: OSError | None = None
        self._closed = not _is_open(number)
        if self._closed:
            _occupy(number, os.O_WRONLY)
        super().__init__(number, "w", closefd=False)

    def write(self, data: Any, /) -> int:
        if self._closed:
            self.gone = OSError(errno.EBADF, "it is closed")
        try:
            while (count := super().write(data)) is None:
                # Whoever has it, too, has made it non-blocking.
                select.select([], [self], [])
        except OSError as error:
            self.gone = error
            return len(data)
        return count


def prepare() -> None:
    """Opens what is closed, so that no file or socket gets its number, and has text that no encoding lacks.

    What goes to a file or a pipe is UTF-8, whatever the locale; a terminal gets its own encoding, with replacements.
    """
    if sys.stdin is None:
        _occupy(0, os.O_RDONLY)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process lives
    elif isinstance(sys.stdin, io.TextIOWrapper) and not sys.stdin.isatty():
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    sys.stdout = _writer(sys.stdout, 1)
    sys.stderr = _writer(sys.stderr, 2)


def coloured(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether ``stream`` gets colours: NO_COLOR forbids them, FORCE_COLOR asks for them, else a terminal has them."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return can_be_redrawn(stream, environment)


def can_be_redrawn(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether ``stream`` is a terminal that moves its cursor and shows colours."""
    return stream.isatty() and environment.get("TERM", "") not in _PLAIN_TERMINALS


def usable_width(columns: int) -> int:
    """The width of a terminal with so many ``columns``, as far as anything can be laid out for it."""
    return max(columns, _NARROWEST)


def lost(stream: TextIO) -> OSError | None:
    """Why something that was written to ``stream`` has not arrived; None where all has."""
    with suppress(OSError):
        stream.flush()
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    return raw.gone if isinstance(raw, _Output) else None


def _writer(stream: TextIO | None, number: int) -> TextIO:
    raw = _Output(number)
    terminal = raw.isatty()
    encoding = stream.encoding if stream and (terminal or "PYTHONIOENCODING" in os.environ) else "utf-8"
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, "replace", line_buffering=terminal or number == 2)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _occupy(number: int, flags: int) -> None:
    opened = os.open(os.devnull, flags)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
    # What is started later has its output there, too.
    os.set_inheritable(number, True)

"""What commands write to: results to standard output, progress and remarks to standard error."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Iterable
from types import TracebackType
from typing import Any, BinaryIO, Literal, TextIO

import click
from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.status import Status

from pkgci.cli.invocation import Invocation
from pkgci.cli.streams import can_be_redrawn, coloured, lost, usable_width
from pkgci.legible import escaped, legible


class _Legible(Console):
    """Shows what anybody has said, and does what we say only: a control among the words is shown, and not sent.

    It is a terminal where it can be redrawn; colours are another matter, and so is the width.
    """

    def __init__(self, stream: TextIO, *, soft_wrap: bool) -> None:
        colours: Literal["auto", "standard"] | None = "auto" if can_be_redrawn(stream) else "standard"
        super().__init__(
            file=stream,
            highlight=False,
            soft_wrap=soft_wrap,
            markup=False,
            force_terminal=can_be_redrawn(stream),
            color_system=colours if coloured(stream) else None,
        )

    @property
    def size(self) -> ConsoleDimensions:
        columns, lines = super().size
        return ConsoleDimensions(usable_width(columns), lines)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(legible(segment.text), segment.style)


def output() -> Console:
    """Standard output. Piped, it has no colours and lines are not folded."""
    return _Legible(sys.stdout, soft_wrap=not sys.stdout.isatty())


def remarks() -> Console:
    """Standard error, for progress and remarks."""
    return console_on(sys.stderr, soft_wrap=not sys.stderr.isatty())


def console_on(stream: TextIO, *, soft_wrap: bool = False) -> Console:
    """What is shown on ``stream``."""
    return _Legible(stream, soft_wrap=soft_wrap)


class Bytes:
    """The bytes of a command that runs elsewhere, as they come: as they are for a file, legible for a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._text = stream
        self._stream: BinaryIO = stream.buffer
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace") if stream.isatty() else None

    def write(self, piece: bytes) -> None:
        """Writes it at once. Raises ``BrokenPipeError`` once nobody reads it: the command there need not go on."""
        self._stream.write(legible(self._decoder.decode(piece)).encode() if self._decoder else piece)
        self._stream.flush()
        if lost(self._text) is not None:
            raise BrokenPipeError


def print_json(value: Any) -> None:
    """Writes ``value`` as JSON to standard output: exact, and without a character that a terminal takes for its own."""
    sys.stdout.write(escaped(json.dumps(value, indent=2, ensure_ascii=False, default=str)) + "\n")
    context = click.get_current_context(silent=True)
    if context is not None:
        context.ensure_object(Invocation).result_shown = True


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

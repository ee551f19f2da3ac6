"""What a real Jenkins' Gearman plugin said, as data: the parts of tests/recordings/jenkins-2.541.3/gearman*.txt."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parents[3] / "recordings/jenkins-2.541.3"
FILES = ("gearman.txt", "gearman2.txt", "gearman3.txt", "boot.txt")
_PACKET = re.compile(r"\s+[0-9.]+s (\w+) b'H:[^']+' data=(\[.*\]) num/den=(\S+)/(\S+)")
_META = re.compile(r"(stop|set_description):\S+ (\{.*\}) -> complete (\w+) failure (\w+) data (\[.*\]) exc (.+)")
_STATUS = re.compile(r"(\S+)\t(\d+)\t(\d+)\t(\d+)")


@dataclass(frozen=True)
class Packet:
    """A packet that a client got: its data as JSON where it has some, and a status' two numbers."""

    kind: str
    data: dict[str, Any] | None
    numbers: tuple[int, int] | None

    @property
    def types(self) -> dict[str, type]:
        return {name: type(value) for name, value in (self.data or {}).items()}


@dataclass(frozen=True)
class Answer:
    """What became of a job for the manager: ``function`` is the part before its host."""

    function: str
    payload: dict[str, Any]
    complete: bool
    failure: bool
    data: list[bytes]
    exception: bytes | None


@dataclass(frozen=True)
class Part:
    """One thing that was tried, and the text that came of it."""

    title: str
    text: str

    @property
    def packets(self) -> list[Packet]:
        return list(self._packets())

    def _packets(self) -> Iterator[Packet]:
        for kind, said, *numbers in _PACKET.findall(self.text):
            pieces = ast.literal_eval(said)
            first, second = (ast.literal_eval(number) for number in numbers)
            yield Packet(
                kind,
                json.loads(pieces[-1]) if pieces else None,
                (int(first), int(second)) if first is not None else None,
            )

    @property
    def answers(self) -> list[Answer]:
        return [
            Answer(
                function,
                json.loads(payload),
                complete == "True",
                failure == "True",
                ast.literal_eval(data),
                ast.literal_eval(exception),
            )
            for function, payload, complete, failure, data, exception in _META.findall(self.text)
        ]

    @property
    def tables(self) -> list[str]:
        """Each answer to geard's command `status`, and parts of one."""
        lines = [line if _STATUS.fullmatch(line) else "" for line in self.text.splitlines()]
        return [block.strip() for block in re.split(r"\n\n+", "\n".join(lines)) if block.strip()]

    def workers(self, function: str) -> list[int]:
        """How many workers ``function`` had, each time that it was looked at."""
        return [int(found[4]) for found in _STATUS.finditer(self.text) if found[1] == function]

    def after(self, title: str) -> str:
        """The rest of the text from the line that begins so."""
        return self.text[self.text.index(title) :]


@cache
def parts(file: str) -> dict[str, Part]:
    """The parts of a recording by title."""
    text = (RECORDINGS / file).read_text()
    found = re.split(r"^=== (.*)\n", text, flags=re.MULTILINE)[1:]
    return {title: Part(title, body) for title, body in zip(found[::2], found[1::2], strict=True)}


def part(title: str) -> Part:
    """The part of that title, or else the first whose title begins so, in whichever recording of Gearman it is."""
    known: dict[str, Part] = {}
    for file in FILES:
        known |= parts(file)
    return known[title] if title in known else next(part for name, part in known.items() if name.startswith(title))

"""What a real Gerrit answered (tests/recordings/gerrit-*), parsed, and with its names, times and hashes taken out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parents[3] / "recordings"
VERSIONS = ("gerrit-3.11", "gerrit-3.15")

Json = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """A command of ssh.txt, as it was typed, with what it answered."""

    line: str
    user: str
    out: tuple[str, ...]
    err: tuple[str, ...]
    status: int


@dataclass(frozen=True)
class Push:
    """A case of push.txt: what git printed."""

    name: str
    lines: tuple[str, ...]
    status: int


@dataclass(frozen=True)
class Page:
    """An answer of http.txt."""

    path: str
    status: int
    headers: dict[str, str]
    body: tuple[str, ...]


def events(version: str = "gerrit-3.11") -> list[Json]:
    """The lines of events.jsonl."""
    return [json.loads(line) for line in _text(version, "events.jsonl").splitlines()]


def queries(version: str = "gerrit-3.11") -> dict[str, list[Json]]:
    """Of each change, or search, the lines that the query answered with."""
    found: dict[str, list[Json]] = {}
    for line in _text(version, "query.jsonl").splitlines():
        if line.startswith("#"):
            found[line.removeprefix("# ").removeprefix("change ")] = []
        else:
            list(found.values())[-1].append(json.loads(line))
    return found


def commands(version: str = "gerrit-3.11") -> list[Command]:
    """The commands of ssh.txt. Where output and errors are not told apart, a command that failed wrote errors."""
    found = []
    for block in re.split(r"\n(?=\$ )", _text(version, "ssh.txt").strip()):
        head, *lines = block.strip().splitlines()
        typed, _, who = head.removeprefix("$ ").partition("  # as ")
        status = int(lines.pop().removeprefix("exit: "))
        told = any(line.startswith(("out: ", "err: ")) for line in lines)
        out = [line[5:] for line in lines if line.startswith("out: ")]
        err = [line[5:] for line in lines if line.startswith("err: ")]
        if not told:
            out, err = ([], lines) if status else (lines, [])
        found.append(
            Command(typed.replace("'\"", '"').replace("\"'", '"'), who or "zuul", tuple(out), tuple(err), status)
        )
    return found


def pushes() -> dict[str, Push]:
    """The cases of push.txt, by name."""
    found = {}
    for block in re.split(r"^## ", _text("gerrit-3.11", "push.txt"), flags=re.MULTILINE)[1:]:
        name, *lines = block.splitlines()
        status = int(lines.pop().removeprefix("exit "))
        found[name] = Push(name, tuple(said(lines)), status)
    return found


def said(lines: list[str]) -> Iterator[str]:
    """What git printed, without the progress that was shown again, which depends on how long it took."""
    last = ""
    for line in (line.rstrip() for line in lines):
        if line != last or not line.startswith("remote: Processing"):
            yield line
        last = line


def pages() -> dict[str, Page]:
    """The answers of http.txt, by path."""
    found = {}
    for block in re.split(r"^== GET ", _text("gerrit-3.11", "http.txt"), flags=re.MULTILINE)[1:]:
        path, first, *lines = block.splitlines()
        headers = {}
        while lines and re.match(r"[A-Za-z-]+: ", lines[0]):
            name, _, value = lines.pop(0).partition(": ")
            headers[name] = value
        found[path] = Page(path, int(first.split()[1]), headers, tuple(lines))
    return found


def shape(value: Any) -> Any:
    """``value`` with only its keys and the kinds of what it holds: a list has the kinds of its members, each once."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        kinds: list[Any] = []
        for item in map(shape, value):
            if item not in kinds:
                kinds.append(item)
        return sorted(kinds, key=repr)
    return type(value).__name__


def _text(version: str, name: str) -> str:
    return (RECORDINGS / version / name).read_text()

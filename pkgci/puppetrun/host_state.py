"""What is on a host before a run: asked in one round trip."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from pkgci.remote.session import Session

_PATIENCE = 60.0  # seconds


def script(name: str) -> str:
    """The text of a program that runs on the host."""
    return (files("pkgci.puppetrun") / "host" / f"{name}.sh").read_text(encoding="utf-8")


def command(arguments: Iterable[str], *names: str) -> str:
    """The command line that runs the programs ``names`` one after another, with ``arguments`` for the first."""
    return "\n".join([f"set -- {shlex.join(arguments)}", *(script(name) for name in names)])


@dataclass(frozen=True)
class Running:
    """The run that holds a host's lock. ``facts`` are what it wrote of itself: operator, started, data, noop."""

    id: str
    facts: Mapping[str, str]

    @property
    def operator(self) -> str:
        return self.facts.get("operator", "somebody")


@dataclass(frozen=True)
class HostState:
    """``free_kb`` is the room for releases."""

    free_kb: int
    releases: frozenset[str]
    running: Running | None


def ask_state(session: Session, releases: Iterable[str]) -> HostState:
    """The state of the session's host, and which of ``releases`` it has. Raises ``HostError``."""
    return parse_state(session.run(command(releases, "state"), timeout=_PATIENCE).stdout)


def parse_state(text: str) -> HostState:
    """The state that the host has told."""
    facts = [line.partition(" ")[::2] for line in text.splitlines()]
    holder = dict(value.partition(" ")[::2] for name, value in facts if name == "holder")
    one = dict(facts)
    free = one.get("free", "")
    return HostState(
        free_kb=int(free) if free.isdecimal() else 0,
        releases=frozenset(value for name, value in facts if name == "have"),
        running=Running(one["run"].strip(), holder) if "run" in one else None,
    )

"""What is on a host before a run: asked in one round trip."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from pkgci.facts.disks import Temporary, TemporaryFact
from pkgci.facts.fact import Answers, Fact, collect, read_from
from pkgci.facts.runs import Releases, Room, RoomFact, Running, RunningFact

if TYPE_CHECKING:
    from pkgci.remote.session import Session


def script(name: str) -> str:
    """The text of a program that runs on the host."""
    return (files("pkgci.puppetrun") / "host" / f"{name}.sh").read_text(encoding="utf-8")


def command(arguments: Iterable[str], *names: str) -> str:
    """The program that runs the programs ``names`` one after another, with ``arguments`` for the first."""
    return "\n".join([f"set -- {shlex.join(arguments)}", *(script(name) for name in names)])


@dataclass(frozen=True)
class HostState:
    """``room`` is for releases."""

    room: Room
    temporary: Temporary
    releases: frozenset[str]
    running: Running | None


class Ground:
    """The facts that a run stands on."""

    def __init__(self, releases: Iterable[str]) -> None:
        self.room = RoomFact()
        self.temporary = TemporaryFact()
        self.releases = Releases(releases)
        self.running = RunningFact()

    @property
    def facts(self) -> tuple[Fact[object], ...]:
        """All of them."""
        return tuple(vars(self).values())

    def read(self, answers: Answers) -> HostState:
        """What they say together."""
        return HostState(
            self.room.read(answers),
            self.temporary.read(answers),
            self.releases.read(answers),
            self.running.read(answers),
        )


def ask_state(session: Session, releases: Iterable[str]) -> HostState:
    """The state of the session's host, and which of ``releases`` it has. Raises ``HostError``."""
    ground = Ground(releases)
    return read_from(session, ground.read, collect(session, ground.facts))

"""What pkgci has put on a host: releases, and runs of Puppet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pkgci.facts.fact import Answers, Fact


@dataclass(frozen=True)
class Room:
    """The room for releases; None where the host does not tell. ``problem``: why nothing can be written."""

    free_kb: int | None
    free_inodes: int | None = None
    problem: str = ""


class RoomFact(Fact[Room]):
    """How much room there is for releases."""

    program = "room"

    def read(self, answers: Answers) -> Room:
        """A refusal in the kernel's own words."""
        refusal = answers.one("room_refusal").rpartition(": ")[2]
        return Room(answers.number("room"), answers.number("room_inodes"), refusal)


class Releases(Fact[frozenset[str]]):
    """Which of ``names`` the host has."""

    program = "releases"

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)

    def settings(self) -> Mapping[str, Iterable[str]]:
        """The names."""
        return {"RELEASES": self._names}

    def read(self, answers: Answers) -> frozenset[str]:
        """Those that are there."""
        return frozenset(answers.all("have"))


class Release(Fact[str | None]):
    """The release that is current."""

    program = "release"

    def read(self, answers: Answers) -> str | None:
        """None where nothing has been deployed."""
        return answers.one("release") or None


@dataclass(frozen=True)
class Running:
    """The run that holds a host's lock. ``facts`` are what it wrote of itself: operator, started, data, noop."""

    id: str
    facts: Mapping[str, str]

    @property
    def operator(self) -> str:
        return self.facts.get("operator", "somebody")


class RunningFact(Fact[Running | None]):
    """The run that is under way."""

    program = "running"

    def read(self, answers: Answers) -> Running | None:
        """None where nobody holds the lock."""
        if "lock" not in answers:
            return None
        return Running(answers.one("lock"), dict(line.partition(" ")[::2] for line in answers.all("holder")))


@dataclass(frozen=True)
class Run:
    """The last run of Puppet that was meant to change something, and when it began.

    ``result``, ``code`` and ``status`` are how systemd saw it end, empty where it has not. ``counts`` are Puppet's.
    ``running``: it is under way.
    """

    id: str
    began: datetime | None
    operator: str
    result: str
    code: str
    status: str
    counts: Mapping[str, int]
    running: bool = False

    @property
    def ended(self) -> bool:
        return bool(self.result)

    @property
    def ok(self) -> bool:
        """Whether Puppet went through, and nothing failed (its detailed exit codes: 0 and 2)."""
        return self.code == "exited" and self.status in ("0", "2")


class LastRun(Fact[Run | None]):
    """The last run that was meant to change something."""

    program = "last_run"

    def read(self, answers: Answers) -> Run | None:
        """None where there was none."""
        name = answers.one("run")
        if not name:
            return None
        try:
            began: datetime | None = datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            began = None
        result, code, status = (*answers.one("exit").split(), "", "", "")[:3]
        pairs = [count.split() for count in answers.all("count")]
        counts = {key: int(value) for key, value in pairs if value.isdecimal()}
        return Run(name, began, answers.one("operator"), result, code, status, counts, "running" in answers)

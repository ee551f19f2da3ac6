"""What is known of a review repository beside its packages: whose it is, and whether it may go (``state.json``)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from . import folders

FILE = "state.json"


@dataclass(frozen=True)
class Work:
    """A change whose packages are there. ``closed`` is when it was merged and promoted (ISO 8601), None before."""

    project: str
    closed: str | None = None


@dataclass(frozen=True)
class State:
    """``last`` is when something came to it last (ISO 8601); ``changes`` are by number, the last to come last."""

    last: str = ""
    changes: dict[str, Work] = field(default_factory=dict)

    @property
    def closed(self) -> str | None:
        """When the last of its changes was closed; None while one is open."""
        moments = [work.closed for work in self.changes.values()]
        return None if None in moments else max((moment for moment in moments if moment), default=None)

    def with_work(self, change: str, project: str, now: datetime) -> State:
        """Something came to it for a change, which is open."""
        rest = {number: work for number, work in self.changes.items() if number != change}
        return State(now.isoformat(timespec="seconds"), {**rest, change: Work(project)})

    def with_closed(self, change: str, now: datetime) -> State:
        """A change was closed."""
        if change not in self.changes:
            return self
        work = replace(self.changes[change], closed=now.isoformat(timespec="seconds"))
        return replace(self, changes={**self.changes, change: work})


def read(folder: Path) -> State:
    """The state of the repository in ``folder``: an empty one where there is none."""
    try:
        data = json.loads((folder / FILE).read_text())
    except FileNotFoundError:
        return State()
    return State(data["last"], {number: Work(**work) for number, work in data["changes"].items()})


def write(folder: Path, state: State) -> None:
    """Writes it. ``closed``, ``change`` and ``project`` (of the last change) are there for whoever reads the file."""
    change, work = next(reversed(state.changes.items()), ("", Work("")))
    document = {
        "closed": state.closed,
        "last": state.last,
        "change": change,
        "project": work.project,
        "changes": {number: vars(work) for number, work in state.changes.items()},
    }
    folders.write(folder / FILE, json.dumps(document, indent=2) + "\n")

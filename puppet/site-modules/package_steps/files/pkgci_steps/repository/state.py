"""What is known of a review repository beside its packages: whose it is, and how old (``state.json``)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from .. import files

FILE = "state.json"


@dataclass(frozen=True)
class State:
    """``last`` is when something came to it last (ISO 8601); ``changes``: number → project, the last to come last."""

    last: str = ""
    changes: dict[str, str] = field(default_factory=dict)

    def with_work(self, change: str, project: str, now: datetime) -> State:
        """Something came to it for a change."""
        rest = {number: other for number, other in self.changes.items() if number != change}
        return State(now.isoformat(timespec="seconds"), {**rest, change: project})


def read(folder: Path) -> State:
    """The state of the repository in ``folder``: an empty one where there is none."""
    try:
        data = json.loads((folder / FILE).read_text())
    except FileNotFoundError:
        return State()
    return State(data["last"], {number: work["project"] for number, work in data["changes"].items()})


def write(folder: Path, state: State) -> None:
    """Writes it. ``change`` and ``project`` (of the last change) are there for whoever reads the file."""
    change, project = next(reversed(state.changes.items()), ("", ""))
    document = {
        "last": state.last,
        "change": change,
        "project": project,
        "changes": {number: {"project": project} for number, project in state.changes.items()},
    }
    files.write(folder / FILE, json.dumps(document, indent=2) + "\n")

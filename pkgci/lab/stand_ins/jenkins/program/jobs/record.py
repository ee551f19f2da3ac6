"""One build, as it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Result(StrEnum):
    """How a build ended, from the best to the worst."""

    SUCCESS = "SUCCESS"
    UNSTABLE = "UNSTABLE"
    FAILURE = "FAILURE"
    NOT_BUILT = "NOT_BUILT"
    ABORTED = "ABORTED"


@dataclass(frozen=True)
class Build:
    """A build. Times are milliseconds since 1970, as in Jenkins' REST API. ``result`` is None while it runs."""

    job: str
    number: int
    node: str
    executor: int
    cause: str
    queue_id: int
    started: int
    parameters: Mapping[str, str] = field(default_factory=dict)
    result: Result | None = None
    duration: int = 0
    description: str | None = None
    artifacts: tuple[str, ...] = ()

    @property
    def display_name(self) -> str:
        """What Jenkins calls it on its pages."""
        return f"{self.job} #{self.number}"


def to_json(build: Build) -> str:
    """The text that ``from_json`` reads."""
    return json.dumps(asdict(build), indent=1)


def from_json(text: str) -> Build:
    """The build in ``text``. Raises ``ValueError``, ``TypeError`` or ``KeyError`` where it is not whole."""
    data: dict[str, Any] = json.loads(text)
    data["result"] = Result(data["result"]) if data["result"] else None
    data["artifacts"] = tuple(data["artifacts"])
    return Build(**data)

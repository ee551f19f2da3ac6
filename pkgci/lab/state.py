"""The state of the lab's containers: what the engine says of each, and why one is not what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pkgci.lab.hosts import IMAGE_OF_LABEL, MADE_OF_LABEL, Blueprint


@dataclass(frozen=True)
class HostState:
    """A host of the lab as the engine sees it. ``state`` is Docker's word, or 'absent'; ``uptime`` is in seconds.

    ``stands_in_for`` is what the lab's own machine stands in for; other hosts are what they are."""

    name: str
    state: str
    address: str
    image: str
    uptime: float | None
    stands_in_for: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        return self.state == "running"


def outdated(container: Any, blueprint: Blueprint) -> str:
    """Why ``container`` is not what ``blueprint`` says, or ''."""
    if container.status == "created":
        return "was interrupted while it was made"
    if container.labels.get(IMAGE_OF_LABEL) != blueprint.image:
        return "its image has changed"
    if container.labels.get(MADE_OF_LABEL) != blueprint.fingerprint:
        return "its address, names, account, port or key has changed"
    return ""


def state_of(name: str, address: str, container: Any | None) -> HostState:
    """What the engine says of the host ``name``; ``container`` is None where there is none."""
    if container is None:
        return HostState(name, "absent", address, "", None)
    uptime = None
    if container.status == "running":
        # Docker writes nanoseconds, which Python's datetime does not read.
        since = datetime.fromisoformat(container.attrs["State"]["StartedAt"][:19]).replace(tzinfo=UTC)
        uptime = round((datetime.now(UTC) - since).total_seconds(), 0)
    return HostState(name, container.status, address, container.labels.get(IMAGE_OF_LABEL, ""), uptime)

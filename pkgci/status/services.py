"""What Gearman, Zuul, Jenkins and Gerrit say of themselves, as data. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pkgci.facts.services import Page
from pkgci.jobs.gearman import Function, parse_status
from pkgci.status.collect import HostFacts

# Every answer of the Jenkins stand-in carries it.
_STAND_IN_HEADER = "x-pkgci-stand-in"


@dataclass(frozen=True)
class Gearman:
    """The functions that geard knows, by name, and the clients that offer any."""

    functions: Mapping[str, Function]
    workers: tuple[str, ...]

    @property
    def waiting(self) -> int:
        return sum(function.waiting for function in self.functions.values())

    @property
    def running(self) -> int:
        return sum(function.running for function in self.functions.values())


@dataclass(frozen=True)
class Build:
    """A job of a queued item. ``result`` is Zuul's, None while there is none; ``seconds`` it has been running."""

    name: str
    result: str | None
    seconds: float | None


@dataclass(frozen=True)
class Item:
    """What is in a pipeline: a change (``12,1``) or a ref, since when (seconds since 1970), and its jobs."""

    pipeline: str
    project: str
    change: str
    since: float | None
    builds: tuple[Build, ...]


@dataclass(frozen=True)
class Zuul:
    """Zuul's pipelines, empty ones too, what is in them, and the events that wait."""

    version: str
    pipelines: tuple[str, ...]
    items: tuple[Item, ...]
    events: int


@dataclass(frozen=True)
class Node:
    """A node of Jenkins: how many of its executors are busy, and why it is offline, where it is."""

    name: str
    online: bool
    reason: str
    executors: int
    busy: int


@dataclass(frozen=True)
class Jenkins:
    """Jenkins' nodes and queue (job → why it waits). ``stand_in`` says that it is none of Jenkins' own."""

    version: str
    stand_in: bool
    nodes: tuple[Node, ...]
    queue: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Review:
    """The site's own Gerrit; ``auth`` is where its accounts come from, as it says itself, or None."""

    version: str
    auth: str | None = None


def gearman_of(facts: HostFacts) -> Gearman | None:
    """What geard on this host says; None where it does not answer."""
    if not {"status", "workers"} <= set(facts.gearman):
        return None
    return Gearman(parse_status(facts.gearman["status"]), parse_workers(facts.gearman["workers"]))


def parse_workers(text: str) -> tuple[str, ...]:
    """The names of the clients that offer functions, in an answer to geard's command `workers`.

    Its lines are ``FD ADDRESS NAME : FUNCTION…``; a client without functions only hands in jobs.
    """
    names = []
    for line in text.splitlines():
        client, found, functions = line.partition(" : ")
        words = client.split()
        if found and functions.strip() and len(words) >= 3:
            names.append(words[2])
    return tuple(names)


def zuul_of(facts: HostFacts) -> Zuul | None:
    """What Zuul on this host says; None where it does not answer, or not with its status."""
    data = _data(facts.pages.get("zuul"))
    if not isinstance(data, dict) or not isinstance(data.get("pipelines"), list):
        return None
    pipelines = [pipeline for pipeline in data["pipelines"] if isinstance(pipeline, dict)]
    events = sum(_length(data.get(name)) for name in ("trigger_event_queue", "result_event_queue"))
    return Zuul(
        version=str(data.get("zuul_version", "")),
        pipelines=tuple(str(pipeline.get("name")) for pipeline in pipelines),
        items=tuple(item for pipeline in pipelines for item in _items(pipeline)),
        events=events,
    )


def _items(pipeline: dict[str, Any]) -> Iterator[Item]:
    for change_queue in pipeline.get("change_queues") or ():
        for head in change_queue.get("heads") or ():
            for item in head:
                since = item.get("enqueue_time")
                yield Item(
                    pipeline=str(pipeline.get("name")),
                    project=str(item.get("project") or ""),
                    change=str(item.get("id") or ""),
                    since=since / 1000 if isinstance(since, int | float) else None,
                    builds=tuple(_build(job) for job in item.get("jobs") or ()),
                )


def _build(job: dict[str, Any]) -> Build:
    elapsed, result = job.get("elapsed_time"), job.get("result")
    seconds = elapsed / 1000 if isinstance(elapsed, int | float) and job.get("start_time") is not None else None
    return Build(str(job.get("name")), None if result is None else str(result), seconds)


def jenkins_of(facts: HostFacts) -> Jenkins | None:
    """What Jenkins on this host says; None where it does not answer, or says no nodes."""
    page = facts.pages.get("nodes")
    data, queue = _data(page), _data(facts.pages.get("queue"))
    if page is None or not isinstance(data, dict) or not isinstance(data.get("computer"), list):
        return None
    waiting = queue.get("items") if isinstance(queue, dict) else None
    return Jenkins(
        version=page.headers.get("x-jenkins", ""),
        stand_in=_STAND_IN_HEADER in page.headers,
        nodes=tuple(_node(computer) for computer in data["computer"] if isinstance(computer, dict)),
        queue=tuple(
            (str((item.get("task") or {}).get("name", "")), str(item.get("why") or ""))
            for item in waiting or ()
            if isinstance(item, dict)
        ),
    )


def review_of(facts: HostFacts) -> Review | None:
    """What the Gerrit on this host says of itself; None where it does not answer."""
    page = facts.pages.get("review")
    if page is None or page.status != 200:
        return None
    info = _data(facts.pages.get("review-info"))
    auth = info.get("auth") if isinstance(info, dict) else None
    auth = auth.get("auth_type") if isinstance(auth, dict) else None
    return Review(str(_data(page) or ""), str(auth) if auth else None)


def _node(computer: dict[str, Any]) -> Node:
    executors = [one for one in computer.get("executors") or () if isinstance(one, dict)]
    count = computer.get("numExecutors")
    return Node(
        name=str(computer.get("displayName")),
        online=not computer.get("offline", False),
        reason=" ".join(str(computer.get("offlineCauseReason") or "").split()),
        executors=count if isinstance(count, int) else len(executors),
        busy=sum(one.get("idle") is False for one in executors),
    )


def _data(page: Page | None) -> Any:
    if page is None or page.status != 200:
        return None
    try:
        # Gerrit's JSON begins with a line that no browser takes for a program.
        return json.loads(page.body.removeprefix(")]}'"))
    except ValueError:
        return None


def _length(queue: Any) -> int:
    length = queue.get("length") if isinstance(queue, dict) else None
    return length if isinstance(length, int) else 0

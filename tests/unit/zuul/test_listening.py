"""Zuul listens to Gerrit, loses it, and dies: what happened meanwhile comes once, in order, and before what is new."""

from __future__ import annotations

import json
import logging
import os
import queue
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import replaying

NAME = "listening-gerrit"


class Gerrit:
    """A Gerrit with changes, each pushed at a time of its own."""

    def __init__(self) -> None:
        self.pushed: dict[str, float] = {}

    def answer(self, command: str) -> str:
        changes = [self.change(number, when) for number, when in self.pushed.items() if "status:open" in command]
        return "\n".join([*map(json.dumps, changes), '{"type":"stats"}'])

    def change(self, number: str, when: float) -> dict[str, Any]:
        patch_set = {"number": "1", "createdOn": int(when), "uploader": {"username": "alice"}}
        return {"project": "p", "number": number, "status": "NEW", "currentPatchSet": patch_set, "lastUpdated": when}

    def event(self, number: str) -> dict[str, Any]:
        when = self.pushed[number]
        about = {"project": "p", "number": number}
        return {"type": "patchset-created", "change": about, "patchSet": {"number": "1"}, "eventCreatedOn": when}


class Connection:
    """GerritConnection as Zuul's is, as far as the mending touches it."""

    log = logging.getLogger("test")
    user = "zuul"
    gerrit: Gerrit
    client = None

    def __init__(self, name: str, settings: dict[str, str]) -> None:
        self.connection_name, self.connection_config = name, settings
        self.event_queue: queue.Queue[tuple[float, Any]] = queue.Queue()

    def addEvent(self, data: Any) -> None:  # noqa: N802 - Zuul's name
        self.event_queue.put((time.time(), data))

    def getEvent(self) -> tuple[float, Any]:  # noqa: N802 - Zuul's name
        return self.event_queue.get(timeout=10)

    def _ssh(self, command: str) -> tuple[str, str]:
        return self.gerrit.answer(command), ""


class Watcher:
    """GerritWatcher as Zuul's is: the stream does what ``stream`` does, and ends."""

    def __init__(self, connection: Any) -> None:
        self.gerrit_connection = connection

    def _listen(self, stream: Callable[[], None], stderr: Any) -> None:
        stream()


@pytest.fixture
def gerrit() -> Gerrit:
    return Gerrit()


@pytest.fixture
def zuul(gerrit: Gerrit, tmp_path: Path) -> Callable[[], Any]:
    """Starts Zuul: gives the thread that listens."""

    def start(replay: str = "true") -> Any:
        module = SimpleNamespace(
            GerritConnection=type("GerritConnection", (Connection,), {"gerrit": gerrit}),
            GerritWatcher=type("GerritWatcher", (Watcher,), {}),
        )
        replaying.replay_missed_events(module)
        connection = module.GerritConnection("gerrit", {"replay": replay})
        config = SimpleNamespace(get=lambda section, key: str(tmp_path))
        layout = SimpleNamespace(projects={"p": None})
        connection.sched = SimpleNamespace(config=config, layout=layout, trigger_event_queue=queue.Queue())
        return module.GerritWatcher(connection)

    return start


def numbers(watcher: Any, count: int) -> list[str]:
    connection = watcher.gerrit_connection
    return [connection.getEvent()[1]["change"]["number"] for _ in range(count)]


def is_all(watcher: Any) -> bool:
    """Whether nothing is left: the search for what was missed has ended, and nothing waits."""
    connection = watcher.gerrit_connection
    end = time.monotonic() + 10
    while not connection.receiver._complete.is_set():
        assert time.monotonic() < end
        time.sleep(0.01)
    return bool(connection.event_queue.empty())


def quiet() -> None:
    """A stream on which nothing comes."""


def test_what_came_while_zuul_was_down_comes_before_what_is_new(
    gerrit: Gerrit, zuul: Callable[[], Any], tmp_path: Path
) -> None:
    noted = time.time() - 3600
    (tmp_path / NAME).touch()
    os.utime(tmp_path / NAME, (noted, noted))
    gerrit.pushed = {"1": noted - 600, "2": noted + 600, "3": noted + 1200, "4": time.time()}
    watcher = zuul()
    watcher._listen(lambda: watcher.gerrit_connection.addEvent(gerrit.event("4")), None)
    assert numbers(watcher, 3) == ["2", "3", "4"]
    assert is_all(watcher)


def test_what_came_while_the_stream_was_lost_comes_once_and_what_was_received_does_not_come_again(
    gerrit: Gerrit, zuul: Callable[[], Any]
) -> None:
    watcher = zuul()
    watcher._listen(quiet, None)
    watcher.gerrit_connection.receiver.began -= 3600
    gerrit.pushed["1"] = time.time()
    watcher._listen(lambda: watcher.gerrit_connection.addEvent(gerrit.event("1")), None)
    gerrit.pushed["2"] = time.time()
    watcher._listen(quiet, None)
    watcher._listen(quiet, None)
    assert numbers(watcher, 2) == ["1", "2"]
    assert is_all(watcher)


def test_what_another_zuul_handled_is_not_looked_for_where_the_stream_is_lost(
    gerrit: Gerrit, zuul: Callable[[], Any]
) -> None:
    gerrit.pushed["1"] = time.time() - 60
    watcher = zuul()
    watcher._listen(quiet, None)
    watcher._listen(quiet, None)
    assert is_all(watcher)


def test_an_event_that_waits_is_found_again_by_the_next_zuul(
    gerrit: Gerrit, zuul: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "BEAT", 0.02)
    monkeypatch.setattr(replaying, "MARGIN", 0)
    watcher = zuul()
    watcher._listen(quiet, None)
    gerrit.pushed["1"] = received = time.time() - 120
    watcher._listen(lambda: watcher.gerrit_connection.event_queue.put((received, gerrit.event("1"))), None)
    end = time.monotonic() + 10
    while (tmp_path / NAME).stat().st_mtime > received:
        assert time.monotonic() < end, "it is noted up to when events are handled, not that they are listened to"
        time.sleep(0.01)
    gerrit.pushed["1"] += 1
    successor = zuul()
    successor._listen(quiet, None)
    assert numbers(successor, 1) == ["1"]


def test_the_first_zuul_ever_and_one_that_is_not_to_replay_look_for_nothing(
    gerrit: Gerrit, zuul: Callable[..., Any], tmp_path: Path
) -> None:
    gerrit.pushed["1"] = time.time() - 60
    for watcher in (zuul(), zuul("false")):
        watcher._listen(quiet, None)
        assert is_all(watcher)
    assert (tmp_path / NAME).exists()

"""Events that the scheduler itself cannot look up: they wait on a shelf, in order, while it goes on."""

from __future__ import annotations

import logging
import queue
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import events
from zuul_py3.asking import FaultError, RefusedError, UnreachableError


class Scheduler:
    """The scheduler as Zuul's is, as far as the mending touches it: a look-up of ``fails`` fails so many times."""

    log = logging.getLogger("test")

    def __init__(self, **fails: list[Exception]) -> None:
        self.fails = fails
        self.trigger_event_queue: queue.Queue[Any] = queue.Queue()
        self.wake_event = threading.Event()
        self.processed: list[str] = []

    def process_event_queue(self) -> None:
        event = self.trigger_event_queue.get()
        try:
            if self.fails.get(event.name):
                raise self.fails[event.name].pop(0)
            self.processed.append(event.name)
        finally:
            self.trigger_event_queue.task_done()

    def run_once(self) -> None:
        while not self.trigger_event_queue.empty():
            self.process_event_queue()


def scheduler(monkeypatch: pytest.MonkeyPatch, **fails: list[Exception]) -> tuple[Any, list[threading.Timer]]:
    timers: list[threading.Timer] = []
    monkeypatch.setattr(threading.Timer, "start", lambda timer: timers.append(timer))
    cls = type("Scheduler", (Scheduler,), {})
    events.keep_events_that_the_scheduler_looks_up(SimpleNamespace(Scheduler=cls))
    made = cls(**fails)
    for name in ("first", "second"):
        made.trigger_event_queue.put(SimpleNamespace(name=name))
    return made, timers


def test_the_scheduler_goes_on_while_an_event_waits_and_takes_it_up_again_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    zuul, timers = scheduler(monkeypatch, first=[UnreachableError("away")])
    zuul.run_once()
    assert zuul.processed == [] and zuul.trigger_event_queue.empty(), "its pipelines are not kept waiting"
    zuul.trigger_event_queue.put(SimpleNamespace(name="third"))
    zuul.run_once()
    assert zuul.processed == []
    [timer] = timers
    timer.function(*timer.args)
    assert zuul.wake_event.is_set()
    zuul.run_once()
    assert zuul.processed == ["first", "second", "third"]
    assert zuul.trigger_event_queue.unfinished_tasks == 0


def test_a_fault_of_gerrits_own_takes_no_event_off_the_shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    zuul, timers = scheduler(monkeypatch, first=[FaultError("lock failure")] * (events.REFUSALS + 1))
    zuul.run_once()
    while timers:
        timer = timers.pop()
        timer.function(*timer.args)
        zuul.run_once()
    assert zuul.processed == ["first", "second"]


def test_an_event_that_the_scheduler_may_not_look_up_is_dropped_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    zuul, timers = scheduler(monkeypatch, first=[RefusedError("no")] * events.REFUSALS)
    zuul.run_once()
    while timers:
        timer = timers.pop()
        timer.function(*timer.args)
        zuul.run_once()
    assert zuul.processed == ["second"]

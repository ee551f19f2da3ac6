"""Reports wait for Gerrit, in order, over a restart; who hands one over never waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from zuul_py3 import asking, outbox, refusals, reports

from tests.unit.zuul.reviewing import LOG, About


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SOONEST", 0.01)
    monkeypatch.setattr(outbox, "LATEST", 0.05)


class Post:
    """Delivers reports, unless Gerrit is ``away``; ``faulty`` are changes with which Gerrit has a fault of its own."""

    def __init__(self) -> None:
        self.away = False
        self.faulty: set[str] = set()
        self.broken: set[str] = set()
        self.arrived: list[str] = []
        self.tried = threading.Event()

    def deliver(self, report: Any) -> None:
        self.tried.set()
        if self.away:
            raise asking.UnreachableError("the port is closed")
        if report.number in self.faulty:
            raise refusals.LaterError("internal server error")
        if report.number in self.broken:
            raise ValueError("a fault of ours")
        self.arrived.append(f"{report.number} {report.steps[0].message}")


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def make(tmp_path: Path, post: Post) -> Iterator[Callable[[], Any]]:
    made: list[Any] = []

    def one() -> Any:
        made.append(outbox.Outbox(tmp_path / "reports.json", post.deliver, lambda report: None, LOG))
        return made[-1]

    yield one
    for box in made:
        box.stop()


def report(number: str, message: str, about: Any = None) -> Any:
    return reports.Report("demo/b", "main", number, "1", [reports.Step(message, {"Verified": 1})], about)


def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it does not happen")


def test_reports_wait_while_gerrit_is_away_and_arrive_in_order(make: Callable[[], Any], post: Post) -> None:
    box = make()
    post.away = True
    for number, message in (("1", "started"), ("2", "started"), ("1", "succeeded")):
        box.add(report(number, message))
    post.tried.wait(5)
    assert len(box.pending()) == 3
    post.away = False
    until(lambda: not box.pending())
    assert post.arrived == ["1 started", "2 started", "1 succeeded"]


def test_a_fault_of_gerrit_with_one_change_holds_up_only_that_change(make: Callable[[], Any], post: Post) -> None:
    box = make()
    post.faulty = {"1"}
    for number, message in (("1", "started"), ("1", "succeeded"), ("2", "started")):
        box.add(report(number, message))
    until(lambda: post.arrived == ["2 started"])
    post.faulty.clear()
    until(lambda: not box.pending())
    assert post.arrived == ["2 started", "1 started", "1 succeeded"]


def test_reports_that_no_queue_stands_for_survive_a_restart_and_are_looked_for_first(
    make: Callable[[], Any], post: Post
) -> None:
    post.away = True
    box = make()
    box.add(report("1", "depends on a change that failed"))
    box.add(report("2", "succeeded", About()))
    post.tried.wait(5)
    box.stop()
    again = make()
    (kept,) = again.pending()
    assert (kept.number, kept.steps[0].message, kept.steps[0].votes) == (
        "1",
        "depends on a change that failed",
        {"Verified": 1},
    )
    assert kept.steps[0].since is not None
    post.away = False
    until(lambda: not again.pending())
    assert post.arrived == ["1 depends on a change that failed"]
    assert make().pending() == []


def test_a_fault_of_ours_ends_after_a_few_tries_and_holds_nothing_up(make: Callable[[], Any], post: Post) -> None:
    box = make()
    post.broken = {"1"}
    broken = report("1", "started")
    box.add(broken)
    box.add(report("2", "started"))
    until(lambda: not box.pending())
    assert (broken.outcome, broken.finished, post.arrived) == ("refused", True, ["2 started"])


def test_a_file_that_cannot_be_read_is_none(make: Callable[[], Any], tmp_path: Path) -> None:
    (tmp_path / "reports.json").write_text('[{"project"')
    assert make().pending() == []

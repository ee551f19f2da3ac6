"""Parts of a step that go on side by side."""

from __future__ import annotations

import dataclasses
import io
import threading

import pytest
from pkgci_steps.log import Log
from pkgci_steps.parallel import side_by_side
from pkgci_steps.programs import Programs
from pkgci_steps.report import Case
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step


@pytest.fixture
def file() -> io.BytesIO:
    return io.BytesIO()


@pytest.fixture
def logged(step: Step, file: io.BytesIO, monkeypatch: pytest.MonkeyPatch) -> Step:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    log = Log(file, "pkgci-install-test")
    return dataclasses.replace(step, log=log, programs=Programs(log, step.stop, step.scratch))


def test_the_log_and_the_cases_read_as_if_one_had_come_after_the_other(logged: Step, file: io.BytesIO) -> None:
    second = threading.Event()

    def first(own: Step) -> None:
        assert second.wait(20)
        own.log.say("one")
        own.cases.append(Case("one"))

    def other(own: Step) -> None:
        own.programs.run(["echo", "two"])
        own.cases.append(Case("two"))
        second.set()

    side_by_side(logged, [first, other])
    assert file.getvalue() == b"pkgci-install-test: one\ntwo\n"
    assert [case.name for case in logged.cases] == ["one", "two"]


def test_what_fails_ends_the_step_after_all_that_was_begun_and_keeps_their_cases(logged: Step) -> None:
    def bad(own: Step) -> None:
        raise Ended(Status.INFRASTRUCTURE, "the mirror is gone")

    def good(own: Step) -> None:
        own.cases.append(Case("good"))

    with pytest.raises(Ended, match="the mirror is gone"):
        side_by_side(logged, [bad, good])
    assert [case.name for case in logged.cases] == ["good"]


def test_each_keeps_to_the_limits_of_the_step(logged: Step) -> None:
    def watch() -> None:
        raise Ended(Status.FAILED, "the test took too much")

    with logged.programs.watched(watch), pytest.raises(Ended, match="took too much"):
        side_by_side(logged, [lambda _: None, lambda own: own.programs.must("wait", ["sleep", "60"])])


def test_one_that_is_asked_to_stop_stops_all(logged: Step) -> None:
    logged.stop.ask()
    with pytest.raises(Ended) as caught:
        side_by_side(logged, [lambda own: own.programs.must("wait", ["sleep", "60"])] * 3)
    assert caught.value.status is Status.ABORTED


def test_nothing_to_do_is_done(logged: Step) -> None:
    side_by_side(logged, [])
    assert logged.cases == []

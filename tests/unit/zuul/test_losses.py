"""Work that got lost with a server, a merger or workers: for how long it waits, and that it is asked for again."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import losses


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_job_without_workers_is_borne_for_as_long_as_the_grace() -> None:
    clock = Clock()
    grace = losses.Grace(60, clock)
    assert grace.bears("build:a", registered=False)
    clock.now = 59
    assert grace.bears("build:a", registered=False)
    clock.now = 61
    assert not grace.bears("build:a", registered=False)


def test_workers_that_come_back_begin_a_new_grace() -> None:
    clock = Clock()
    grace = losses.Grace(60, clock)
    assert grace.bears("build:a", registered=False)
    assert not grace.bears("build:a", registered=True)
    clock.now = 100
    assert grace.bears("build:a", registered=False)


def test_without_a_grace_nothing_is_borne_as_upstream_does() -> None:
    assert not losses.Grace(0, Clock()).bears("build:a", registered=False)


def test_the_scheduler_is_woken_once_however_often_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr(threading.Timer, "start", lambda timer: started.append(timer))
    scheduler = SimpleNamespace(wake_event=threading.Event())
    waker = losses.Waker(scheduler)
    waker.later()
    waker.later()
    assert len(started) == 1
    started[0].function()
    assert scheduler.wake_event.is_set()
    waker.later()
    assert len(started) == 2


class Config:
    """zuul.conf with a grace, or without one."""

    def __init__(self, grace: int | None) -> None:
        self.grace = grace

    def has_option(self, section: str, key: str) -> bool:
        return (section, key) == ("gearman", "registration_grace") and self.grace is not None

    def getint(self, section: str, key: str) -> int:
        assert self.grace is not None
        return self.grace


def launcher(grace: int | None, registered: bool) -> Any:
    """A launcher as Zuul's is, as far as the mending touches it."""

    class Gearman:
        def __init__(self, config: Config) -> None:
            self.gearman = SimpleNamespace(active_connections=["server"])
            self.builds: dict[str, Any] = {}
            self.results: list[str | None] = []

        def isJobRegistered(self, name: str) -> bool:  # noqa: N802 - Zuul's name
            return registered

        def launch(self, job: Any) -> str:
            self.builds["1"] = SimpleNamespace(build_set=None)
            return "launched" if self.isJobRegistered("build:" + job.name) else "NOT_REGISTERED"

        def onBuildCompleted(self, job: Any, result: str | None = None) -> None:  # noqa: N802 - Zuul's name
            self.results.append(result)

    losses.wait_for_workers(SimpleNamespace(Gearman=Gearman))
    return Gearman(Config(grace))


JOB = SimpleNamespace(name="a")


def test_a_job_waits_while_nobody_has_registered_it() -> None:
    zuul = launcher(grace=60, registered=False)
    with pytest.raises(losses.NotYetError, match="nobody has registered build:a"):
        zuul.launch(JOB)
    assert zuul.builds == {}


def test_a_job_that_nobody_registered_fails_at_once_where_no_grace_is_set() -> None:
    assert launcher(grace=None, registered=False).launch(JOB) == "NOT_REGISTERED"


def test_a_job_waits_while_the_gearman_server_is_away() -> None:
    zuul = launcher(grace=60, registered=True)
    zuul.gearman.active_connections.clear()
    with pytest.raises(losses.NotYetError, match="server is away"):
        zuul.launch(JOB)


def test_a_job_is_launched_where_somebody_has_registered_it() -> None:
    assert launcher(grace=60, registered=True).launch(JOB) == "launched"


@pytest.mark.parametrize(
    ("result", "counts_as"), [("EXCEPTION", None), ("NO_HANDLE", None), ("RETRY_LIMIT", "RETRY_LIMIT")]
)
def test_a_broken_submission_says_nothing_of_the_job(result: str, counts_as: str | None) -> None:
    zuul = launcher(grace=60, registered=True)
    zuul.onBuildCompleted(JOB, result)
    assert zuul.results == [counts_as]


class Merger:
    """A merge client as Zuul's is, as far as the mending touches it. ``luck``: the last says how the next try ends."""

    def __init__(self, luck: list[bool]) -> None:
        self.luck = luck
        self.build_sets: dict[str, Any] = {}
        self.submitted: list[str] = []
        self.log = SimpleNamespace(exception=lambda *words: None, warning=lambda *words: None)
        self.gearman = SimpleNamespace(active_connections=["server"], waitForServer=lambda: None)

    def submitJob(self, name: str, data: Any, build_set: Any, precedence: int) -> None:  # noqa: N802 - Zuul's name
        unique = f"merge-{len(self.luck)}"
        self.build_sets[unique] = build_set
        if not self.luck.pop():
            raise RuntimeError("the connection broke")
        self.submitted.append(unique)

    def onBuildCompleted(self, job: Any) -> None:  # noqa: N802 - Zuul's name
        raise AssertionError("nothing ends here")


def test_a_merge_that_could_not_be_asked_for_is_asked_for_until_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "LOOK_AGAIN", 0)
    mended = type("MergeClient", (Merger,), {})
    zuul_model = SimpleNamespace(PRECEDENCE_NORMAL=1)
    losses.ask_again_for_lost_merges(
        SimpleNamespace(
            MergeClient=mended,
            MergeGearmanClient=type("MergeGearmanClient", (), {}),
            zuul=SimpleNamespace(model=zuul_model),
        )
    )
    client = mended([True, False, False])
    client.submitJob("merger:merge", {}, "build set")
    for thread in threading.enumerate():
        if thread.name.endswith("(submit_when_possible)"):
            thread.join(10)
    assert client.submitted == ["merge-1"]
    assert client.build_sets == {"merge-1": "build set"}

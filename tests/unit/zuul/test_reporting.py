"""What a report asks of its item in Zuul's queue, and when."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import records, refusals, reporting

LACK = records.Lack("it has Code-Review -2", "Code-Review -2 is withdrawn")


class Lock:
    """The scheduler's, which notes whether it is held."""

    def __init__(self) -> None:
        self.held = 0

    def __enter__(self) -> None:
        self.held += 1

    def __exit__(self, *reason: object) -> None:
        self.held -= 1


class Item:
    """An item of a queue; its pipeline may be looked at only while ``lock`` is held."""

    def __init__(self, lock: Lock, pipeline: Any) -> None:
        self._lock, self._pipeline = lock, pipeline
        self.change = SimpleNamespace(patchset="1")

    @property
    def pipeline(self) -> Any:
        assert self._lock.held, "the scheduler may take the pipeline away at this moment"
        return self._pipeline


def in_queue(pipeline: Any) -> Any:
    lock = Lock()
    connection = SimpleNamespace(user="zuul")
    reporter = SimpleNamespace(sched=SimpleNamespace(run_handler_lock=lock), connection=connection)
    if pipeline:
        pipeline.failure_actions = [SimpleNamespace(connection=connection, reporter_config={"Verified": -2})]
    return reporting.InQueue(Item(lock, pipeline), reporter, None)


def test_a_report_looks_at_its_pipeline_only_while_the_scheduler_stands_still() -> None:
    manager = SimpleNamespace(changeish_filters=[], getSubmitAllowNeeds=lambda: {"Verified"})
    about = in_queue(SimpleNamespace(name="gate", manager=manager))
    assert about.failed() == {"Verified": -2}
    assert about.regained() == {}
    assert "It enters the gate again when Code-Review -2 is withdrawn." in about.not_submitted([LACK], "")


@pytest.mark.parametrize(
    "ask",
    [
        lambda about: about.lacks({}),
        lambda about: about.failed(),
        lambda about: about.regained(),
        lambda about: about.not_submitted([LACK], ""),
    ],
)
def test_a_report_waits_while_the_layout_is_loaded_anew(ask: Any) -> None:
    with pytest.raises(refusals.LaterError, match="loaded anew"):
        ask(in_queue(None))

"""Whether a change is merged: Gerrit's word counts, and only what must waits."""

from __future__ import annotations

import logging
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import losses, merged
from zuul_py3.asking import FaultError, RefusedError, UnreachableError

PROJECT = SimpleNamespace(name="packaging/hello")


def change(number: str = "7", branch: str = "main", **more: Any) -> Any:
    return SimpleNamespace(number=number, project=PROJECT, branch=branch, **more)


class Source:
    """GerritSource as Zuul's is, as far as the mending touches it."""

    log = logging.getLogger("test")
    replication_timeout = 300
    replication_retry_interval = 0.01

    def __init__(self, *answers: bool | Exception, heads: tuple[str, ...] = ()) -> None:
        self.answers = list(answers)
        self.heads = list(heads)
        self.looks = 0
        self.connection = SimpleNamespace()
        self.sched = SimpleNamespace(wake_event=threading.Event())

    def isMerged(self, change: Any, head: str | None = None) -> bool:  # noqa: N802 - Zuul's name
        assert head is None, "upstream waits for the branch in the scheduler's own thread"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def getRefSha(self, project: str, ref: str) -> str:  # noqa: N802 - Zuul's name
        assert (project, ref) == ("packaging/hello", "refs/heads/main")
        self.looks += 1
        return self.heads.pop(0) if len(self.heads) > 1 else self.heads[0]


@pytest.fixture
def mended() -> type[Source]:
    cls = type("GerritSource", (Source,), {})
    merged.believe_gerrit(SimpleNamespace(GerritSource=cls))
    return cls


def waits(source: Source) -> bool:
    return bool(merged.branches_behind(source.connection))


def test_a_change_that_gerrit_calls_merged_is_merged_whatever_its_branch_shows(mended: type[Source]) -> None:
    source = mended(True, heads=("old",))
    assert source.isMerged(change(_ref_sha="old"), "main")


def test_a_branch_that_has_moved_is_waited_for_by_nobody(mended: type[Source]) -> None:
    source = mended(True, heads=("new",))
    assert source.isMerged(change(_ref_sha="old"), "main")
    assert not waits(source) and source.looks == 1


def test_a_branch_that_was_not_looked_at_before_the_submit_is_not_looked_at_after_it(mended: type[Source]) -> None:
    source = mended(True, True)
    assert source.isMerged(change(_ref_sha=""), "main") and source.isMerged(change(), "main")
    assert source.looks == 0


def test_a_branch_that_is_behind_is_watched_until_it_shows_the_merge(mended: type[Source]) -> None:
    source = mended(True, heads=("old", "", "old", "new"))
    began = time.monotonic()
    assert source.isMerged(change(_ref_sha="old"), "main")
    assert time.monotonic() - began < 5
    assert source.sched.wake_event.wait(10), "the scheduler is woken when the wait is over"
    assert not waits(source) and source.looks == 4


def test_a_branch_that_never_shows_the_merge_is_not_waited_for_for_ever(mended: type[Source]) -> None:
    source = mended(True, heads=("old",))
    source.replication_timeout = 0
    assert source.isMerged(change(_ref_sha="old"), "main")
    assert source.sched.wake_event.wait(10)
    assert not waits(source)


def test_a_gerrit_that_is_away_is_asked_again_later_and_its_change_is_not_unmerged(mended: type[Source]) -> None:
    source = mended(*[UnreachableError("away")] * 100, True)
    asked = change()
    for _ in range(100):
        with pytest.raises(losses.NotYetError):
            source.isMerged(asked, "main")
    assert source.isMerged(asked, "main")


def test_a_fault_of_gerrits_own_makes_no_merged_change_unmerged(mended: type[Source]) -> None:
    source = mended(*[FaultError("lock failure")] * 100, True)
    asked = change()
    for _ in range(100):
        with pytest.raises(losses.NotYetError):
            source.isMerged(asked, "main")
    assert source.isMerged(asked, "main")


def test_a_change_that_gerrit_refuses_to_show_counts_as_unmerged_in_the_end(mended: type[Source]) -> None:
    source = mended(*[RefusedError("no")] * merged.REFUSALS)
    asked = change()
    for _ in range(merged.REFUSALS - 1):
        with pytest.raises(losses.NotYetError):
            source.isMerged(asked, "main")
    assert not source.isMerged(asked, "main")


def test_a_change_that_is_not_merged_is_not_waited_for(mended: type[Source]) -> None:
    source = mended(False, heads=("old",))
    assert not source.isMerged(change(_ref_sha="old"), "main")
    assert source.looks == 0


class Manager:
    """BasePipelineManager as Zuul's is, as far as the mending touches it: ``waits`` cannot be processed now."""

    log = logging.getLogger("test")

    def __init__(self, *waits: Any, failed: tuple[Any, ...] = ()) -> None:
        self.waits = waits
        self.failed = failed
        self.prepared: list[Any] = []
        self.sched = SimpleNamespace(wake_event=threading.Event())
        source = SimpleNamespace(connection=SimpleNamespace())
        self.pipeline = SimpleNamespace(
            source=source, didAnyJobFail=lambda item: any(item is one for one in self.failed)
        )

    def _processOneItem(self, item: Any, nnfi: Any) -> tuple[bool, Any]:  # noqa: N802 - Zuul's name
        if any(item is one for one in self.waits):
            raise losses.NotYetError("Gerrit is away")
        return True, item

    def getFailingDependentItems(self, item: Any) -> None:  # noqa: N802 - Zuul's name
        return None

    def getDependentItems(self, item: Any) -> list[Any]:  # noqa: N802 - Zuul's name
        return list(item.ahead)

    def prepareRef(self, item: Any) -> bool:  # noqa: N802 - Zuul's name
        self.prepared.append(item)
        return True


@pytest.fixture
def managers(monkeypatch: pytest.MonkeyPatch) -> type[Manager]:
    monkeypatch.setattr(threading.Timer, "start", lambda timer: timer.function())
    cls = type("BasePipelineManager", (Manager,), {})
    merged.let_an_item_wait_by_itself(SimpleNamespace(BasePipelineManager=cls))
    return cls


def item(branch: str = "main", ahead: tuple[Any, ...] = (), state: int = 1) -> Any:
    build_set = SimpleNamespace(unable_to_merge=False, merge_state=state, NEW=1)
    return SimpleNamespace(change=change(branch=branch), current_build_set=build_set, ahead=ahead)


def test_an_item_that_waits_is_still_what_those_behind_it_are_built_on(managers: type[Manager]) -> None:
    first, second = item(), item()
    manager = managers(first)
    assert manager._processOneItem(first, None) == (False, first)
    assert manager._processOneItem(second, first) == (True, second)
    assert manager.sched.wake_event.is_set(), "it is looked at again"


def test_an_item_that_failed_and_waits_is_not_what_those_behind_it_are_built_on(managers: type[Manager]) -> None:
    first = item()
    assert managers(first, failed=(first,))._processOneItem(first, None) == (False, None)


def test_only_what_is_built_on_a_branch_that_is_behind_waits_for_it(managers: type[Manager]) -> None:
    manager = managers()
    merged.branches_behind(manager.pipeline.source.connection).add(("packaging/hello", "main"))
    on_it, on_another, behind = item(), item("stable"), item("stable", ahead=(item(),))
    begun = item(state=2)
    assert [manager.prepareRef(one) for one in (on_it, on_another, behind, begun)] == [False, True, False, True]
    merged.branches_behind(manager.pipeline.source.connection).clear()
    assert manager.prepareRef(on_it) and manager.prepareRef(behind)


def test_a_pipeline_of_references_waits_for_no_branch(managers: type[Manager]) -> None:
    manager = managers()
    merged.branches_behind(manager.pipeline.source.connection).add(("packaging/hello", "main"))
    reference = item()
    reference.change = SimpleNamespace(project=PROJECT, ref="refs/tags/v1")
    assert manager.prepareRef(reference)

"""A change that could not be merged for a passing reason: asked for again, then told so, without a vote."""

from __future__ import annotations

import json
import logging
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import losses, merging, reporting, untested
from zuul_py3.repositories import ConflictError, UntestedError

FAULT = "git fetch: fatal: early EOF"
LOG = logging.getLogger("test")


class Client:
    """Zuul's merge client, as far as the mending touches it; ``answers`` are the merger's, one for each try."""

    def __init__(self, answers: list[dict[str, Any]]) -> None:
        self.answers = answers
        self.build_sets: dict[str, Any] = {}
        self.asked: dict[str, Any] = {}
        self.completed: list[Any] = []
        self.log = LOG
        self.gearman = SimpleNamespace(active_connections=["server"], waitForServer=lambda: None)

    def submitJob(self, name: str, data: Any, build_set: Any, precedence: int) -> None:  # noqa: N802 - Zuul's name
        unique = f"merge-{len(self.answers)}"
        self.build_sets[unique] = build_set
        job = SimpleNamespace(unique=unique, data=[json.dumps(self.answers.pop(0))])
        # The answer comes in gear's thread.
        threading.Timer(0.05, self.onBuildCompleted, [job]).start()

    def onBuildCompleted(self, job: Any) -> None:  # noqa: N802 - Zuul's name
        self.completed.append(self.build_sets.pop(job.unique))


def client(answers: list[dict[str, Any]]) -> Any:
    cls = type("MergeClient", (Client,), {})
    module = SimpleNamespace(
        MergeClient=cls,
        MergeGearmanClient=type("MergeGearmanClient", (), {}),
        zuul=SimpleNamespace(model=SimpleNamespace(PRECEDENCE_NORMAL=1)),
        getJobData=lambda job: json.loads(job.data[-1]) if job.data else {},
    )
    losses.ask_again_for_lost_merges(module)
    untested.try_again_what_could_not_be_tried(module)
    return cls(answers)


def build_set() -> Any:
    made = SimpleNamespace()
    made.item = SimpleNamespace(current_build_set=made, dequeue_time=None)
    return made


def ended(merger: Any) -> Any:
    """What comes of a merge in the end."""
    until = threading.Event()
    for _ in range(200):
        if merger.completed or not merger.build_sets:
            return merger.completed
        until.wait(0.05)
    raise AssertionError("it does not end")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(losses, "time", SimpleNamespace(sleep=slept.append))
    return slept


def test_a_merge_that_could_not_be_tried_is_asked_for_again_until_it_can_be(pauses: list[float]) -> None:
    merger = client([{"fault": FAULT}, {"fault": FAULT}, {"merged": True, "commit": "abc"}])
    one = build_set()
    merger.submitJob("merger:merge", {"items": []}, one)
    assert ended(merger) == [one] and one.fault is None
    assert pauses == list(untested.PAUSES[:2])
    assert merger.asked == {} and merger.build_sets == {}


def test_the_pauses_grow_to_some_minutes_and_then_the_fault_is_told(pauses: list[float]) -> None:
    merger = client([{"fault": FAULT}] * (len(untested.PAUSES) + 1))
    one = build_set()
    merger.submitJob("merger:merge", {"items": []}, one)
    assert ended(merger) == [one] and one.fault == FAULT
    assert pauses == sorted(pauses) and 120 < sum(pauses) < 600


def test_a_conflict_is_told_at_once(pauses: list[float]) -> None:
    merger = client([{"conflict": "conflicts in a"}])
    one = build_set()
    merger.submitJob("merger:merge", {"items": []}, one)
    assert ended(merger) == [one] and (one.fault, one.conflict) == (None, "conflicts in a")
    assert pauses == []


@pytest.mark.parametrize("left", [{"dequeue_time": 5}, {"current_build_set": None}])
def test_nobody_asks_again_for_a_change_that_has_left_its_queue_or_begun_anew(
    pauses: list[float], left: dict[str, Any]
) -> None:
    merger = client([{"fault": FAULT}])
    one = build_set()
    vars(one.item).update(left)
    merger.submitJob("merger:merge", {"items": []}, one)
    assert ended(merger) == []


def test_a_merger_that_breaks_off_has_found_no_conflict() -> None:
    merger, one = client([]), build_set()
    merger.build_sets["u"] = one
    merger.onBuildCompleted(SimpleNamespace(unique="u", data=[]))
    assert "ended before" in one.fault


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (ConflictError("conflicts in a"), {"conflict": "conflicts in a"}),
        (UntestedError(FAULT), {"fault": FAULT}),
        (KeyError("x"), {"fault": "the merger has a fault: KeyError"}),
    ],
)
def test_the_merger_tells_a_conflict_from_a_fault(problem: Exception, told: dict[str, str]) -> None:
    def fail(*words: Any) -> None:
        raise problem

    module = SimpleNamespace(MergeServer=type("MergeServer", (), {}))
    merging.tell_what_came_of_a_merge(module)
    server = module.MergeServer()
    server.zuul_url, server.log = "https://zuul/p", LOG
    server.merger = SimpleNamespace(mergeChanges=fail, updateRepo=fail)
    for work, words in (
        (server.merge, {"items": []}),
        (server.update, dict.fromkeys(("project", "connection_name", "url"))),
    ):
        sent: list[str] = []
        work(SimpleNamespace(arguments=json.dumps(words), sendWorkComplete=sent.append))
        answer = json.loads(sent[0])
        assert {key: answer.get(key) for key in told} == told
        assert not answer["merged"] and not answer["updated"] and answer["commit"] is None


def item(fault: str | None = None, needed: Any = None, **change: Any) -> Any:
    return SimpleNamespace(
        current_build_set=SimpleNamespace(fault=fault, conflict=None, item=None, merge_state=1, unable_to_merge=False),
        dequeued_needing_change=needed is not None,
        pipeline=SimpleNamespace(name="gate"),
        change=SimpleNamespace(**{"number": "7", "needs_changes": [needed] if needed else [], **change}),
        live=True,
    )


def manager() -> Any:
    module = SimpleNamespace(BasePipelineManager=type("Manager", (), {"onMergeCompleted": lambda self, event: None}))
    untested.let_no_job_run_on_what_was_not_merged(module)
    made = module.BasePipelineManager()
    made.log, made.unable = LOG, []
    made.pipeline = SimpleNamespace(name="gate", setUnableToMerge=made.unable.append)
    return made


def event(of: Any) -> Any:
    of.current_build_set.item, of.current_build_set.COMPLETE = of, 3
    return SimpleNamespace(build_set=of.current_build_set, zuul_url="https://zuul/p")


def test_no_job_runs_on_what_was_not_merged_also_without_a_change() -> None:
    gate, clock = manager(), item(FAULT, number=None)
    gate.onMergeCompleted(event(clock))
    assert gate.unable == [clock] and clock.current_build_set.merge_state == 3


def test_a_change_that_only_others_need_is_not_held_against_them() -> None:
    gate, ahead = manager(), item(FAULT)
    ahead.live = False
    gate.onMergeCompleted(event(ahead))
    assert gate.unable == [] and ahead.current_build_set.merge_state == 3


def test_what_depends_on_a_change_that_was_not_tested_was_not_either_until_that_was() -> None:
    gate, first = manager(), item(FAULT)
    gate.onMergeCompleted(event(first))
    behind = item(needed=first.change)
    assert untested.why_untested(behind) == f"change 7, which it depends on, was not: {FAULT}"
    first.current_build_set.fault = None
    gate.onMergeCompleted(event(first))
    assert untested.why_untested(behind) is None


def starting() -> Any:
    """A pipeline that tells the start of its jobs."""

    class Manager:
        def reportStart(self, item: Any) -> None:  # noqa: N802 - Zuul's name
            told.append(item)

        def onMergeCompleted(self, event: Any) -> None:  # noqa: N802 - Zuul's name
            pass

        def _reportItem(self, item: Any) -> bool:  # noqa: N802 - Zuul's name
            told.append("result")
            return False

        def eventMatches(self, event: Any, change: Any) -> bool:  # noqa: N802 - Zuul's name
            return True

    told: list[Any] = []
    untested.change_no_vote_before_it_can_be_tested(SimpleNamespace(BasePipelineManager=Manager))
    made: Any = Manager()
    made.told = told
    made.pipeline = SimpleNamespace(source=SimpleNamespace(connection=SimpleNamespace(user="zuul")))
    return made


@pytest.mark.parametrize(("fault", "starts"), [(None, 1), (FAULT, 0)])
def test_a_change_keeps_its_vote_until_its_jobs_can_start(fault: str | None, starts: int) -> None:
    check, one = starting(), item(fault)
    check.reportStart(one)
    assert check.told == []
    for _ in range(2):
        check.onMergeCompleted(event(one))
    assert check.told == [one] * starts


def test_a_change_that_leaves_its_queue_before_its_merge_was_told_of_its_start_all_the_same() -> None:
    check, one, other = starting(), item(), item(FAULT)
    for change in (one, other):
        check.reportStart(change)
        check._reportItem(change)
    assert check.told == [one, "result", "result"]


def test_zuuls_own_word_that_a_change_was_not_tested_brings_it_nowhere() -> None:
    check = starting()
    words = f"Patch Set 1:\n\n{untested.told(FAULT, SimpleNamespace(number='7'))}"
    assert not check.eventMatches(SimpleNamespace(comment=words, account={"username": "zuul"}), None)
    assert check.eventMatches(SimpleNamespace(comment=words, account={"username": "bob"}), None)
    assert check.eventMatches(SimpleNamespace(comment=None, account=None), None)


class Reporter:
    def __init__(self) -> None:
        self.reporter_config = {"Verified": -2}
        self._action = "merge-failure"
        self.reports: list[Any] = []
        self.log = LOG
        self.connection = SimpleNamespace(outbox=lambda: SimpleNamespace(add=self.reports.append))

    def _formatItemReport(self, pipeline: Any, of: Any) -> str:  # noqa: N802 - Zuul's name
        return str(self._formatItemReportMergeFailure(pipeline, of))

    def _formatItemReportFailure(self, pipeline: Any, of: Any, with_jobs: bool = True) -> str:  # noqa: N802
        return "Build failed."

    def _formatItemReportMergeFailure(self, pipeline: Any, of: Any, with_jobs: bool = True) -> str:  # noqa: N802
        return "Please rebase it."


def reported(of: Any) -> Any:
    """The only step of the report on an item."""
    cls = type("GerritReporter", (Reporter,), {})
    untested.say_why_a_change_was_not_merged(SimpleNamespace(BaseReporter=cls))
    reporting.hand_reports_to_the_outbox(SimpleNamespace(GerritReporter=cls))
    of.queue = SimpleNamespace(queue=[])
    for name in ("branch", "patchset"):
        setattr(of.change, name, "1")
    of.change.project = SimpleNamespace(name="p")
    made: Any = cls()
    made.report(None, SimpleNamespace(didMergerSucceed=lambda one: False), of)
    (report,) = made.reports
    return report.steps[0]


def test_what_was_not_tested_is_told_in_words_and_without_a_vote() -> None:
    step = reported(item(FAULT))
    assert step.votes == {}
    assert step.message.startswith(f"The change was not tested: {FAULT}.\n") and "only: recheck" in step.message
    assert "rebase" not in step.message
    assert "only: republish" in reported(item(FAULT, is_merged=True)).message


def test_a_conflict_is_told_with_its_files_and_a_vote() -> None:
    bad = item()
    vars(bad.current_build_set).update(conflict="conflicts in debian/changelog", unable_to_merge=True)
    step = reported(bad)
    assert step.votes == {"Verified": -2}
    assert step.message == "Please rebase it.\n\nWhy: conflicts in debian/changelog."

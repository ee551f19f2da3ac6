"""Which results of the gate a build set stands on, and when the jobs of a change begin that needs another one."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from pkgci_steps.inputs import LONGEST, PATTERNS, read
from pkgci_steps.job.task import PARAMETERS
from pkgci_steps.repository import places
from zuul_py3 import ahead

from pkgci.model.steps import Pipeline


@pytest.fixture(autouse=True)
def merged(monkeypatch: pytest.MonkeyPatch) -> ahead.Merged:
    made = ahead.Merged()
    monkeypatch.setattr(ahead, "MERGED", made)
    return made


class BuildSet:
    """Zuul's build set, as far as the mending touches it."""

    def __init__(self, item: Any, ref: str) -> None:
        self.item, self.ref, self._ref = item, "", ref
        self.builds: dict[str, Any] = {}

    def setConfiguration(self) -> None:  # noqa: N802 - Zuul's name
        self.ref = self.ref or self._ref

    def getBuild(self, name: str) -> Any:  # noqa: N802 - Zuul's name
        return self.builds.get(name)


CONFIGURED = type("BuildSet", (BuildSet,), {})
ahead.note_what_a_build_set_stands_on(SimpleNamespace(BuildSet=CONFIGURED))


def on_publisher() -> None:
    """As the layout's function is called."""


JOBS = (
    SimpleNamespace(name="build", parameter_function=None),
    SimpleNamespace(name="pub", parameter_function=on_publisher),
)


class Queue:
    """A pipeline with the items of one queue."""

    def __init__(self, name: str = "gate") -> None:
        self.items: list[Any] = []
        self.jobs = JOBS
        self.pipeline = SimpleNamespace(
            name=name,
            getAllItems=lambda: self.items,
            getJobs=lambda item: self.jobs,
            didAllJobsSucceed=lambda item: item.succeeds,
        )

    def enqueue(
        self, number: int, ref: str, *, needs: tuple[Any, ...] = (), live: bool = True, project: str = ""
    ) -> Any:
        of = SimpleNamespace(name=project or f"packaging/{number}")
        change = SimpleNamespace(number=number, patchset="1", needs_changes=needs, project=of)
        item = SimpleNamespace(change=change, pipeline=self.pipeline, item_ahead=None, live=live, succeeds=True)
        item.item_ahead = self.items[-1] if self.items else None
        item.current_build_set = CONFIGURED(item, ref)
        self.items.append(item)
        item.current_build_set.setConfiguration()
        return item

    def dequeue(self, item: Any) -> None:
        self.items.remove(item)
        for behind in self.items:
            if behind.item_ahead is item:
                behind.item_ahead = item.item_ahead


def told(item: Any) -> str | None:
    """What a job of the item is told."""
    cls = type("Gearman", (), {"updateBuildParams": lambda self, job, item, params: None})
    ahead.tell_what_a_build_set_stands_on(SimpleNamespace(Gearman=cls))
    params: dict[str, str] = {}
    cls().updateBuildParams(None, item, params)  # type: ignore[attr-defined]
    return params.get("PKGCI_AHEAD")


def manager(queue: Queue) -> Any:
    class Manager:
        def __init__(self) -> None:
            self.pipeline, self.launched = queue.pipeline, []
            self.log = SimpleNamespace(debug=lambda *words: None)

        def launchJobs(self, item: Any) -> None:  # noqa: N802 - Zuul's name
            self.launched.append(item.change.number)

        def reportItem(self, item: Any) -> None:  # noqa: N802 - Zuul's name
            if not item.succeeds:
                raise RuntimeError("it failed to merge")

    ahead.build_what_is_needed_first(SimpleNamespace(BasePipelineManager=Manager))
    return Manager()


def test_the_pipelines_are_called_as_the_layout_calls_them() -> None:
    assert {*ahead.RELEASING, ahead.PROMOTE} <= {str(pipeline) for pipeline in Pipeline}


def test_a_build_of_the_gate_stands_on_the_build_sets_ahead_of_it_oldest_first() -> None:
    queue = Queue()
    first, second, third = (queue.enqueue(number, f"Z{number}") for number in (4, 7, 9))
    assert (told(first), told(second), told(third)) == (None, "4-Z4", "4-Z4 7-Z7")


def test_what_zuul_tells_names_the_repositories_that_the_publisher_makes() -> None:
    queue = Queue()
    queue.enqueue(4, "Z" + "0" * 32)
    text = told(queue.enqueue(7, "Z7")) or ""
    inputs = read({"RESULTS": "/r", "PIPELINE": "gate", "CHANGE": "7", "AHEAD": text}, [])
    assert places.ahead(inputs) == (places.gate("4", "Z" + "0" * 32),)
    assert PATTERNS["AHEAD"]


def test_a_build_set_stands_on_what_was_ahead_when_it_was_merged_though_that_has_left_the_queue_since() -> None:
    queue = Queue()
    first, second = queue.enqueue(4, "Z4"), queue.enqueue(7, "Z7")
    queue.dequeue(first)
    assert told(second) == "4-Z4"


def test_a_queue_that_is_made_up_anew_sees_no_result_of_before() -> None:
    queue = Queue()
    first, second = queue.enqueue(4, "Z4"), queue.enqueue(7, "Z7")
    queue.dequeue(first)  # it failed: what is behind it is merged anew
    second.current_build_set = CONFIGURED(second, "Znew")
    second.current_build_set.setConfiguration()
    assert told(second) is None


def test_a_check_stands_on_no_result_of_the_gate(merged: ahead.Merged) -> None:
    merged.add("3", "3-Z3")
    queue = Queue("check")
    queue.enqueue(4, "Z4", live=False)
    assert told(queue.enqueue(7, "Z7")) is None


def test_what_was_merged_is_seen_until_it_is_released(merged: ahead.Merged) -> None:
    queue, promotions = Queue(), Queue("promote")
    first = queue.enqueue(4, "Z4")
    manager(queue).reportItem(first)
    queue.dequeue(first)
    assert told(queue.enqueue(7, "Z7")) == "4-Z4"
    manager(promotions).reportItem(promotions.enqueue(4, "Zother"))
    assert told(queue.enqueue(9, "Z9")) == "7-Z7"


def test_what_failed_to_merge_is_no_ground_to_stand_on(merged: ahead.Merged) -> None:
    queue = Queue()
    first = queue.enqueue(4, "Z4")
    first.succeeds = False
    with pytest.raises(RuntimeError):
        manager(queue).reportItem(first)
    assert merged.names() == []


def test_nobody_stands_on_a_merged_change_that_publishes_nothing(merged: ahead.Merged) -> None:
    """Nothing would ever release it: every build would ask for it for hours."""
    queue = Queue()
    queue.jobs = JOBS[:1]
    manager(queue).reportItem(queue.enqueue(4, "Z4"))
    assert merged.names() == []


def test_a_queue_of_some_hundred_changes_is_told_in_full() -> None:
    queue = Queue()
    for number in range(100_000, 100_400):
        item = queue.enqueue(number, f"Z{number:032}")
    text = told(item) or ""
    assert re.fullmatch(PARAMETERS["PKGCI_AHEAD"], text) and len(text) < LONGEST["AHEAD"]
    inputs = read({"RESULTS": "/r", "PIPELINE": "gate", "CHANGE": "7", "AHEAD": text}, [])
    assert len(places.ahead(inputs)) == 399


def test_what_check_has_passed_is_not_merged(merged: ahead.Merged) -> None:
    queue = Queue("check")
    manager(queue).reportItem(queue.enqueue(4, "Z4"))
    assert merged.names() == []


def test_a_merged_change_that_is_tested_once_more_stands_not_on_its_own_earlier_result(merged: ahead.Merged) -> None:
    merged.add("4", "4-Zgate")
    merged.add("40", "40-Zgate")
    assert told(Queue("republish").enqueue(4, "Zagain")) == "40-Zgate"


def test_what_is_never_released_is_forgotten_after_some_hours_and_beyond_some_dozens() -> None:
    now = [0.0]
    merged = ahead.Merged(lambda: now[0])
    for number in range(60):
        merged.add(str(number), f"{number}-Z")
    assert merged.names() == [f"{number}-Z" for number in range(10, 60)]
    now[0] = 7 * 3600
    assert merged.names() == []


@pytest.mark.parametrize("pipeline", ["check", "gate"])
def test_a_change_that_needs_another_one_is_built_when_the_packages_of_that_are_published(pipeline: str) -> None:
    queue = Queue(pipeline)
    first = queue.enqueue(4, "Z4")
    second = queue.enqueue(7, "Z7", needs=(first.change,))
    manage = manager(queue)
    manage.launchJobs(first)
    manage.launchJobs(second)
    first.current_build_set.builds = {"build": SimpleNamespace(result="SUCCESS"), "pub": SimpleNamespace(result=None)}
    manage.launchJobs(second)
    assert manage.launched == [4]
    first.current_build_set.builds["pub"] = SimpleNamespace(result="SUCCESS")
    manage.launchJobs(second)
    assert manage.launched == [4, 7]


@pytest.mark.parametrize("result", ["FAILURE", "SKIPPED", "LOST"])
def test_it_does_not_wait_for_what_will_never_be_published(result: str) -> None:
    queue = Queue()
    first = queue.enqueue(4, "Z4")
    second = queue.enqueue(7, "Z7", needs=(first.change,))
    first.current_build_set.builds = {"pub": SimpleNamespace(result=result)}
    manage = manager(queue)
    manage.launchJobs(second)
    assert manage.launched == [7]


def test_it_waits_for_nothing_but_a_live_item_of_the_very_patch_set() -> None:
    queue = Queue("check")
    other = SimpleNamespace(number=4, patchset="2", project=SimpleNamespace(name="packaging/4"))
    queue.enqueue(4, "Z4")
    queue.enqueue(5, "Z5", live=False)
    needed = queue.items[1].change
    second = queue.enqueue(7, "Z7", needs=(other, needed))
    manage = manager(queue)
    manage.launchJobs(second)
    assert manage.launched == [7]


def test_a_series_in_one_project_is_built_side_by_side_and_each_waits_for_what_any_of_it_needs_elsewhere() -> None:
    queue = Queue("check")
    library = queue.enqueue(4, "Z4", project="packaging/library")
    first = queue.enqueue(7, "Z7", needs=(library.change,), project="packaging/user")
    second = queue.enqueue(9, "Z9", needs=(first.change,), project="packaging/user")
    # A circle, which Zuul refuses elsewhere, keeps nobody busy here.
    first.change.needs_changes = (library.change, second.change)
    manage = manager(queue)
    for item in (first, second):
        manage.launchJobs(item)
    assert manage.launched == []
    library.current_build_set.builds = {"pub": SimpleNamespace(result="SUCCESS")}
    for item in (first, second):
        manage.launchJobs(item)
    assert manage.launched == [7, 9]

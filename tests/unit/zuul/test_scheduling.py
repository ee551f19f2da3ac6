"""What Zuul decides about changes and queues, where upstream decides amiss."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import losses, scheduling


class Filter:
    """BaseFilter as Zuul's is, as far as the mending touches it: labels instead of approvals."""

    def __init__(self, required: set[str], rejected: set[str]) -> None:
        self.required, self.rejected = required, rejected

    def matchesRequiredApprovals(self, change: Any) -> bool:  # noqa: N802 - Zuul's name
        return self.required <= change.approvals

    def matchesNoRejectApprovals(self, change: Any) -> bool:  # noqa: N802 - Zuul's name
        return not self.rejected & change.approvals


@pytest.mark.parametrize(
    ("required", "rejected", "voted", "matches"),
    [
        (set(), {"veto"}, set(), True),
        (set(), {"veto"}, {"veto"}, False),
        (set(), {"veto"}, {"approval"}, True),
        ({"approval"}, {"veto"}, set(), False),
        ({"approval"}, {"veto"}, {"approval"}, True),
    ],
)
def test_a_vote_that_is_rejected_keeps_nothing_out_where_nobody_gave_it(
    required: set[str], rejected: set[str], voted: set[str], matches: bool
) -> None:
    cls = type("BaseFilter", (Filter,), {})
    scheduling.reject_nothing_where_nobody_voted(SimpleNamespace(BaseFilter=cls))
    assert cls(required, rejected).matchesApprovals(SimpleNamespace(approvals=voted)) is matches


class Queue:
    """A change queue as Zuul's is: the jobs of its projects."""

    def __init__(self, name: str, *jobs: str, noop: str | None = None) -> None:
        self.names = [name]
        self.jobs = {*(Job(job) for job in jobs), Job("noop", noop)}

    def getJobs(self) -> set[Any]:  # noqa: N802 - Zuul's name
        return self.jobs

    def mergeChangeQueue(self, other: Queue) -> None:  # noqa: N802 - Zuul's name
        assert type(other) is Queue
        self.names += other.names
        self.jobs |= other.jobs


class Job:
    """A job; those of one name are one."""

    def __init__(self, name: str, queue_name: str | None = None) -> None:
        self.name = name
        self.queue_name = queue_name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


@pytest.mark.parametrize(("noop", "combined"), [(None, [["a", "c"], ["b"]]), ("packages", [["a", "b", "c"]])])
def test_projects_share_a_queue_where_they_share_a_test_or_where_the_layout_names_the_queue_of_noop(
    noop: str | None, combined: list[list[str]]
) -> None:
    class DependentPipelineManager:
        def combineChangeQueues(self, queues: list[Any]) -> list[Any]:  # noqa: N802 - Zuul's name
            together: list[Any] = []
            for queue in queues:
                for other in together:
                    if not queue.getJobs().isdisjoint(other.getJobs()):
                        other.mergeChangeQueue(queue)
                        break
                else:
                    together.append(queue)
            return together

    scheduling.let_projects_share_no_queue_for_doing_nothing(
        SimpleNamespace(DependentPipelineManager=DependentPipelineManager)
    )
    queues = [Queue("a", "a-test", noop=noop), Queue("b", noop=noop), Queue("c", "a-test", noop=noop)]
    found = DependentPipelineManager().combineChangeQueues(queues)
    assert [queue.names for queue in found] == combined


class Mutexes:
    """MutexHandler as Zuul's is, as far as the mending touches it."""

    log = logging.getLogger("test")

    def __init__(self, holder: Any) -> None:
        self.mutexes = {"one": (holder, "job")}

    def acquire(self, item: Any, job: Any) -> bool:
        if not job.mutex:
            return True
        holder, _ = self.mutexes.setdefault(job.mutex, (item, job.name))
        return holder is item


@pytest.mark.parametrize(
    ("queue", "dequeued", "free"), [("a queue", None, False), ("a queue", 4711.0, True), (None, None, True)]
)
def test_a_mutex_whose_job_never_ran_is_free_when_its_change_has_left_the_queue(
    queue: str | None, dequeued: float | None, free: bool
) -> None:
    cls = type("MutexHandler", (Mutexes,), {})
    losses.free_what_is_held_by_nobody(SimpleNamespace(MutexHandler=cls))
    mutexes = cls(SimpleNamespace(queue=queue, dequeue_time=dequeued))
    assert mutexes.acquire(SimpleNamespace(), SimpleNamespace(name="job", mutex="one")) is free
    assert mutexes.acquire(SimpleNamespace(), SimpleNamespace(name="job", mutex=None))

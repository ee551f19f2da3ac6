"""Not about Python 3: a change whose merge could not be tried is tried again, then told so, without a vote.

Upstream says of every change whose merge ends early that it cannot be merged, and votes against it. Here only git's own
conflict is one (see repositories.py). Anything else, such as a fetch that broke off, is asked for again with longer
pauses, then told in words; the votes that the change has stay as they are.
"""

from collections.abc import Callable
from typing import Any

import zuul_py3.losses  # noqa: F401 - what it makes of the merge client comes first
from zuul_py3.hook import mends
from zuul_py3.upstream import BuildSet, Change, Event, Item, Manager, MergeClient, Pipeline

# Seconds before each further try of a merge that could not be tried: some minutes in all.
PAUSES = (5, 20, 60, 120)

_NOT_TESTED = "The change was not tested:"
_AGAIN = "To have it tested, write a comment with a line that says only: recheck"
_AGAIN_MERGED = "To have its branch built and published, write a comment with a line that says only: republish"


def told(why: str, change: Change) -> str:
    """The comment on a change that was not tested, because of ``why``; or on what has no change."""
    if not getattr(change, "number", None):
        return f"The jobs did not run: {why}."
    if getattr(change, "is_merged", False):
        return f"The jobs of this merged change did not run: {why}.\n\n{_AGAIN_MERGED}"
    return f"{_NOT_TESTED} {why}.\n\nThis says nothing of the change, and changes no vote. {_AGAIN}"


def with_conflict(message: str, item: Item) -> str:
    """``message``, with the files in conflict where those are why the item was not merged."""
    build_set = item.current_build_set
    conflict = build_set.unable_to_merge and getattr(build_set, "conflict", None)
    return f"{message}\n\nWhy: {conflict}." if conflict else message


def why_untested(item: Item) -> str | None:
    """Why the item of a queue was not tested, for a reason that says nothing of its change; None where it was."""
    fault = getattr(item.current_build_set, "fault", None)
    if fault or not item.dequeued_needing_change:
        return fault
    for needed in getattr(item.change, "needs_changes", ()):
        fault = getattr(needed, "_untested", {}).get(item.pipeline.name)
        if fault:
            return f"change {needed.number}, which it depends on, was not: {fault}"
    return None


@mends("zuul.merger.client")
def try_again_what_could_not_be_tried(module: Any) -> None:
    """zuul/merger/client.py:101: what is not merged is told to the scheduler as such, at once."""
    cls = module.MergeClient
    completed = cls.onBuildCompleted

    def complete_or_try_again(self: MergeClient, job: Any) -> None:
        data = module.getJobData(job)
        build_set = self.build_sets.get(job.unique)
        if build_set is None:
            completed(self, job)
            return
        # A merger that broke off, again and again, has said nothing.
        fault = data.get("fault") if data else "the merger ended before it had merged anything"
        tries = build_set.__dict__.get("merge_tries", 0)
        if data and fault and tries < len(PAUSES) and job.unique in self.asked:
            self.log.warning("Not merged, trying again in %s s: %s: %s", PAUSES[tries], job, fault)
            build_set.merge_tries = tries + 1
            self.askAgain(job, PAUSES[tries], lambda: is_wanted(build_set))
            return
        build_set.fault, build_set.conflict = fault, data.get("conflict")
        completed(self, job)

    def is_wanted(build_set: BuildSet) -> bool:
        item = build_set.item
        return item.current_build_set is build_set and item.dequeue_time is None

    cls.onBuildCompleted = complete_or_try_again


@mends("zuul.scheduler")
def let_no_job_run_on_what_was_not_merged(module: Any) -> None:
    """zuul/scheduler.py:1695: jobs without a change run though the merger could not update the repository."""
    cls = module.BasePipelineManager
    completed = cls.onMergeCompleted

    def complete_or_give_up(self: Manager, event: Event) -> None:
        build_set = event.build_set
        item = build_set.item
        fault = getattr(build_set, "fault", None)
        if not fault:
            item.change.__dict__.get("_untested", {}).pop(self.pipeline.name, None)
            completed(self, event)
            return
        build_set.merge_state = build_set.COMPLETE
        build_set.zuul_url = event.zuul_url
        if not item.live:
            # It runs no jobs, and what stands on it was merged with it, or was not, by itself.
            return
        self.log.info("%s was not tested: %s", item.change, fault)
        item.change.__dict__.setdefault("_untested", {})[self.pipeline.name] = fault
        self.pipeline.setUnableToMerge(item)

    cls.onMergeCompleted = complete_or_give_up


@mends("zuul.scheduler")
def change_no_vote_before_it_can_be_tested(module: Any) -> None:
    """zuul/scheduler.py:1272: the start of the jobs, which clears Zuul's vote, is told before there is a merge.

    So a change that cannot be tested keeps its vote; and Zuul's own word of that, with which Gerrit sends the vote once
    more, brings it nowhere.
    """
    cls = module.BasePipelineManager
    report_start, completed, matches = cls.reportStart, cls.onMergeCompleted, cls.eventMatches
    report_item = cls._reportItem

    def report_start_later(self: Manager, item: Item) -> None:
        item.starts = True

    def report_what_waits(self: Manager, item: Item) -> None:
        if getattr(item, "starts", False) and not why_untested(item):
            item.starts = False
            report_start(self, item)

    def complete_and_report_start(self: Manager, event: Event) -> None:
        item = event.build_set.item
        if item.current_build_set is event.build_set:
            report_what_waits(self, item)
        completed(self, event)

    def report_start_and_item(self: Manager, item: Item) -> Any:
        # It may leave its queue, for what it depends on, before it is merged.
        report_what_waits(self, item)
        return report_item(self, item)

    def matches_others(self: Manager, event: Event, change: Change) -> Any:
        user = getattr(getattr(self.pipeline.source, "connection", None), "user", None)
        if _NOT_TESTED in (event.comment or "") and (event.account or {}).get("username") == user:
            return False
        return matches(self, event, change)

    cls.reportStart = report_start_later
    cls.onMergeCompleted = complete_and_report_start
    cls._reportItem = report_start_and_item
    cls.eventMatches = matches_others


@mends("zuul.reporter")
def say_why_a_change_was_not_merged(module: Any) -> None:
    """zuul/reporter/__init__.py:84-98: the same words for every merge that failed."""
    cls = module.BaseReporter
    failure, merge_failure = cls._formatItemReportFailure, cls._formatItemReportMergeFailure

    def say(format_report: Callable[..., Any]) -> Callable[..., str]:
        def with_reason(self: Any, pipeline: Pipeline, item: Item, with_jobs: bool = True) -> Any:
            fault = why_untested(item)
            if fault:
                return told(fault, item.change)
            return format_report(self, pipeline, item, with_jobs)

        return with_reason

    cls._formatItemReportFailure = say(failure)
    cls._formatItemReportMergeFailure = say(merge_failure)

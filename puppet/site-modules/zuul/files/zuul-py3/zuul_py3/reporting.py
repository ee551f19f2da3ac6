"""Not about Python 3: a report waits for Gerrit in its item's queue, and a submit for what its pipeline requires.

Upstream reports in the scheduler's own thread: a Gerrit that is slow holds up all queues, one that is away gets no
report at all, and a submit that it refuses is a line in a log. Here the outbox delivers reports (see outbox.py), the
scheduler goes on, and an item leaves its queue once it is known what became of its report.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from zuul_py3 import records, refusals
from zuul_py3.hook import mends
from zuul_py3.losses import NotYetError
from zuul_py3.readiness import left
from zuul_py3.reports import DELIVERED, MERGED, Report, Step
from zuul_py3.untested import why_untested, with_conflict
from zuul_py3.upstream import Item, Manager, Pipeline, Record, Reporter, Source, Votes


class InQueue:
    """An item in a queue of Zuul's: whether its report is still wanted, and on what its submit depends."""

    def __init__(self, item: Item, reporter: Reporter, source: Source) -> None:
        self._item = item
        self._reporter = reporter
        self._source = source
        # Where the change turns out to be merged, nobody has to wait for its branch.
        item.change._ref_sha = ""

    def wanted(self) -> bool:
        # While the layout is loaded anew, the item is in no queue for a moment.
        with self._reporter.sched.run_handler_lock:
            queue = self._item.queue
            return queue is not None and self._item in queue.queue

    def lacks(self, record: Record) -> list[records.Lack]:
        """What keeps the change from being submitted now."""
        user = self._reporter.connection.user
        with self._pipeline() as pipeline:
            manager, ours = pipeline.manager, pipeline.manager.getSubmitAllowNeeds()
            found = records.unmet(manager.changeish_filters, record, self._item.change.patchset, user, ours)
            return found + records.obstacles(record, ours, user)

    @contextlib.contextmanager
    def _pipeline(self) -> Iterator[Pipeline]:
        """The item's pipeline, while the scheduler stands still. Raises LaterError where it has none."""
        with self._reporter.sched.run_handler_lock:
            if self._item.pipeline is None:
                raise refusals.LaterError("the layout was loaded anew")
            yield self._item.pipeline

    def before_submit(self) -> None:
        change = self._item.change
        change._ref_sha = self._source.getRefSha(change.project.name, f"refs/heads/{change.branch}")

    def not_submitted(self, lacks: list[records.Lack], message: str) -> str:
        """The comment in place of ``message``, which tells of a success."""
        with self._pipeline() as pipeline:
            why = left(lacks, pipeline.name)
        return "\n\n".join(part for part in (why, message.partition("\n\n")[2]) if part)

    def regained(self) -> Votes:
        """The votes that let the change come back once it lacks nothing: its jobs have just succeeded."""
        user = self._reporter.connection.user
        with self._pipeline() as pipeline:
            manager = pipeline.manager
            return records.regained(manager.changeish_filters, user, manager.getSubmitAllowNeeds())

    def failed(self) -> Votes:
        """The votes of a change that could not be merged."""
        with self._pipeline() as pipeline:
            actions = pipeline.failure_actions
        same = [one for one in actions if one.connection is self._reporter.connection]
        return votes_of(same[0].reporter_config) if same else {}


def votes_of(action: Mapping[str, Any]) -> Votes:
    """The votes in what the layout tells a reporter to do, which may also name options, as in `submit: true`."""
    return {label: int(amount) for label, amount in action.items() if amount is not True}


@mends("zuul.reporter.gerrit")
def hand_reports_to_the_outbox(module: Any) -> None:
    """zuul/reporter/gerrit.py:28 waits for Gerrit's answer, and for the head of a branch that only a submit moves."""

    def report(self: Reporter, source: Source, pipeline: Pipeline, item: Item) -> None:
        message = self._formatItemReport(pipeline, item)
        change = item.change
        options = [key for key, value in self.reporter_config.items() if value is True]
        is_result = self._action != "start"
        # Nothing is known of a change that was not tested: its votes stay as they are.
        is_silent = is_result and why_untested(item)
        message = with_conflict(message, item) if is_result else message
        step = Step(
            message,
            {} if is_silent else votes_of(self.reporter_config),
            submit="submit" in options,
            options=[key for key in options if key != "submit"],
        )
        # A change that has left its queue already is told so all the same.
        about = InQueue(item, self, source) if item in item.queue.queue else None
        report = Report(change.project.name, change.branch, change.number, change.patchset, [step], about)
        self.log.debug("Report change %s, params %s, message: %s", change, self.reporter_config, message)
        if about is not None and self._action != "start":
            item.__dict__.setdefault("reports", []).append(report)
        self.connection.outbox().add(report)

    module.GerritReporter.report = report


@mends("zuul.scheduler")
def keep_items_until_they_are_reported(module: Any) -> None:
    """zuul/scheduler.py:1708-1790: an item leaves its queue whatever became of its report."""
    cls = module.BasePipelineManager
    report_item = cls._reportItem

    def report_or_wait(self: Manager, item: Item) -> Any:
        """Whether the report failed, as upstream's; for a pipeline that merges also where it does not merge."""
        succeeded = self.pipeline.didAllJobsSucceed(item)
        if item not in item.queue.queue:
            # What it waited for has gone, and so has what was to be told of it until now: it is told why.
            return report_item(self, item) or (self.changes_merge and not succeeded)
        if not hasattr(item, "report_failed"):
            item.report_failed = report_item(self, item)
        reports = getattr(item, "reports", ())
        waiting = [report for report in reports if not report.finished]
        if waiting:
            # Those behind it must not be built on what failed.
            item.current_build_set.failing_reasons = [] if succeeded else ["at least one job failed"]
            raise NotYetError(f"the {waiting[0]} waits")
        refused = any(report.outcome not in (DELIVERED, MERGED) for report in reports)
        if refused and succeeded:
            item.setReportedResult("FAILURE")
        return item.report_failed or refused or (self.changes_merge and not succeeded)

    cls._reportItem = report_or_wait

"""Not about Python 3: what cannot be submitted does not enter a pipeline that merges, and the change says why, once."""

from collections.abc import Collection
from typing import Any

from zuul_py3 import records, refusals
from zuul_py3.hook import mends
from zuul_py3.reports import Report, Step
from zuul_py3.upstream import Change, Connection, Event, Manager, Pipeline, Reporter, Source


@mends("zuul.source.gerrit")
def read_all_that_gerrit_tells(module: Any) -> None:
    """zuul/source/gerrit.py:107 believes the first submit rule, and does not know of work in progress."""

    def can_merge(self: Source, change: Change, allow_needs: Collection[str]) -> bool:
        if not change.number:
            return True
        lacks = records.obstacles(change._data, allow_needs, self.connection.user)
        if lacks:
            self.log.debug("Change %s cannot be merged: %s", change, records.told(lacks)[0])
        return not lacks

    module.GerritSource.canMerge = can_merge


def place(name: str) -> str:
    """A pipeline in a sentence."""
    return f"the {name}" if name == "gate" else f"the pipeline {name}"


# With what a comment begins that says why a change does not enter, and one on a change that left without being merged.
_BEGINNING = "This change is approved but cannot be merged yet:"
_LEFT = f"{refusals.NOT_SUBMITTED[:-1]}:"


def notice(lacks: list[records.Lack], name: str) -> str:
    """Why an approved change does not enter the pipeline ``name``."""
    what, until = records.told(lacks)
    return f"{_BEGINNING} {what}; it enters {place(name)} when {until}."


def left(lacks: list[records.Lack], name: str) -> str:
    """Why a change whose jobs have succeeded leaves the pipeline ``name`` as it is."""
    what, until = records.told(lacks)
    return f"{_LEFT} {what}. It enters {place(name)} again when {until}."


def was_told_when_it_left(change: Change, lacks: list[records.Lack], user: str) -> bool:
    """Whether the last that was told of the change is that it left, for all of ``lacks``."""
    last = [text for _, text in records.own_comments(change._data, user)][-1:]
    return any(
        text.startswith(f"Patch Set {change.patchset}:") and _LEFT in text and all(lack.what in text for lack in lacks)
        for text in last
    )


class Notices:
    """What was told about changes that do not enter, by the pipeline and the change, so that it is told once."""

    def __init__(self) -> None:
        # (pipeline, number of the change) → its patch set, and the words.
        self._told: dict[tuple[str, str], tuple[str, str]] = {}

    def is_new(self, pipeline: str, change: Change, text: str, user: str) -> bool:
        """Whether ``text`` has not been told yet, here or before a restart. It counts as told then."""
        key, about = (pipeline, change.number), (change.patchset, text)
        known = self._told.get(key) == about
        self._told[key] = about
        return not known and not records.has_said(change._data, user, change.patchset, text, 0)

    def waits(self, pipeline: str, change: Change, user: str) -> bool:
        """Whether the change was told why it does not enter, or why it left, and has not entered since."""
        if self._told.get((pipeline, change.number), ("", ""))[0] == change.patchset:
            return True
        # After a restart: it is the last that was told.
        last = [text for _, text in records.own_comments(change._data, user)][-1:]
        return any(
            text.startswith(f"Patch Set {change.patchset}:")
            and (
                (_BEGINNING in text and f"it enters {place(pipeline)} when" in text)
                or (_LEFT in text and f"It enters {place(pipeline)} again when" in text)
            )
            for text in last
        )

    def forget(self, pipeline: str, change: Change) -> None:
        self._told.pop((pipeline, change.number), None)


def notices_of(connection: Connection) -> Notices:
    if not hasattr(connection, "_notices"):
        connection._notices = Notices()
    notices: Notices = connection._notices
    return notices


def reporter_of(pipeline: Pipeline) -> Reporter | None:
    """The success reporter that votes where the pipeline's changes come from; None for a pipeline that tells nobody."""
    connection = pipeline.source.connection
    found = (one for one in pipeline.success_actions if one.connection is connection and hasattr(connection, "outbox"))
    return next(found, None)


def _requires_approval(manager: Manager) -> bool:
    """Whether the pipeline's requirements say what an approved change is. Else only the event that brings it does."""
    return any(one.required_approvals for one in manager.changeish_filters)


def _is_approved(manager: Manager, change: Change) -> bool:
    return all(one.matches(change) for one in manager.changeish_filters)


def _is_asked_for(manager: Manager, change: Change) -> bool:
    """Whether the change has what the pipeline requires, whoever has given it a veto."""
    return all(
        one.matchesRequiredApprovals(change)
        and one.current_patchset in (None, change.is_current_patchset)
        and (not one.statuses or change.status in one.statuses)
        for one in manager.changeish_filters
    )


def _of_needed(manager: Manager, change: Change) -> list[records.Lack]:
    """What lacks in the changes that ``change`` depends on."""
    pipeline, ours = manager.pipeline, manager.getSubmitAllowNeeds()
    found = []
    for needed in getattr(change, "needs_changes", ()):
        if needed.is_merged:
            continue
        name = f"change {needed.number}"
        if pipeline.getQueue(needed.project) is not pipeline.getQueue(change.project):
            found.append(
                records.Lack(
                    f"it depends on {name}, of another queue",
                    f"{name} is merged and somebody comments here",
                )
            )
        elif not needed.is_current_patchset:
            found.append(records.Lack(f"it depends on an old patch set of {name}", "it is rebased onto the newest one"))
        elif not manager.isChangeAlreadyInQueue(needed, pipeline.getQueue(needed.project)):
            lacks = records.obstacles(needed._data, ours, pipeline.source.connection.user)
            if lacks:
                words = f"it depends on {name}, which is not ready ({records.told(lacks)[0]})"
                found.append(records.Lack(words, f"{name} does"))
            elif not _is_approved(manager, needed):
                found.append(records.Lack(f"it depends on {name}, which is not approved", f"{name} does"))
    return found


@mends("zuul.scheduler")
def say_why_an_approved_change_does_not_enter(module: Any) -> None:
    """zuul/scheduler.py:2082: why a change is ignored stands in a log, and nobody looks again when that has changed."""
    base, cls = module.BasePipelineManager, module.DependentPipelineManager
    ready, ahead = cls.isChangeReadyToBeEnqueued, cls.enqueueChangesAhead
    matches, add = base.eventMatches, base.addChange

    def explain(self: Manager, change: Change, lacks: list[records.Lack]) -> None:
        if not lacks or not _requires_approval(self) or not change.open or not _is_asked_for(self, change):
            return
        reporter = reporter_of(self.pipeline)
        if reporter is None:
            return
        connection, text = reporter.connection, notice(lacks, self.pipeline.name)
        if was_told_when_it_left(change, lacks, connection.user):
            return
        if notices_of(connection).is_new(self.pipeline.name, change, text, connection.user):
            self.log.info("%s is approved, but does not enter %s: %s", change, self.pipeline.name, text)
            steps = [Step(text)]
            connection.outbox().add(Report(change.project.name, change.branch, change.number, change.patchset, steps))

    def ready_or_explained(self: Manager, change: Change) -> Any:
        is_ready = ready(self, change)
        if getattr(change, "number", None):
            user = self.pipeline.source.connection.user
            lacks = [] if is_ready else records.obstacles(change._data, self.getSubmitAllowNeeds(), user)
            if not getattr(self, "ignores_requirements", False):
                lacks += records.vetoes(self.changeish_filters, change._data, user)
            explain(self, change, lacks)
        return is_ready

    def ahead_or_explained(self: Manager, change: Change, *args: Any) -> bool:
        if ahead(self, change, *args):
            return True
        explain(self, change, _of_needed(self, change))
        return False

    def matches_or_waits(self: Manager, event: Event, change: Change) -> bool:
        if matches(self, event, change):
            return True
        # Whatever happens to a change that was told why it waits, its requirements are looked at again.
        if event.forced_pipeline or not hasattr(change, "number") or not _requires_approval(self):
            return False
        connection = self.pipeline.source.connection
        return notices_of(connection).waits(self.pipeline.name, change, connection.user)

    def add_and_forget(self: Manager, change: Change, *args: Any, **settings: Any) -> Any:
        outer = getattr(self, "ignores_requirements", False)
        self.ignores_requirements = settings.get("ignore_requirements", False)
        try:
            added = add(self, change, *args, **settings)
        finally:
            self.ignores_requirements = outer
        if added and getattr(change, "number", None) and self.changes_merge:
            notices_of(self.pipeline.source.connection).forget(self.pipeline.name, change)
        return added

    cls.isChangeReadyToBeEnqueued = ready_or_explained
    cls.enqueueChangesAhead = ahead_or_explained
    cls.eventMatches = matches_or_waits
    base.addChange = add_and_forget

# ruff: noqa: N802 - the names are Zuul's
"""What this package uses of Zuul 2.6.0, which has no types: its objects as protocols, for the type checker only.

The names and their meaning are Zuul's. Where this package adds an attribute to an object, a comment says which module.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from zuul_py3.losses import Grace
    from zuul_py3.outbox import Outbox
    from zuul_py3.receiving import Receiver
    from zuul_py3.reports import Report
    from zuul_py3.repositories import Repository

# A JSON object: an event or a change as Gerrit tells it, or what Zuul's programs tell each other.
Record = dict[str, Any]
# Label → amount.
Votes = dict[str, int]


class Config(Protocol):
    """zuul.conf, as ``configparser`` reads it."""

    def has_option(self, section: str, option: str, /) -> bool: ...
    def get(self, section: str, option: str, /) -> str: ...
    def getint(self, section: str, option: str, /) -> int: ...


class Project(Protocol):
    """``zuul.model.Project``."""

    name: str
    foreign: bool


class Change(Protocol):
    """``zuul.model.Change``. Its siblings, as what a timer starts, lack a number and what follows it."""

    project: Project
    branch: str
    number: str
    patchset: str
    open: bool
    status: str
    is_merged: bool
    is_current_patchset: bool
    needs_changes: list[Change]
    # What Gerrit told of it last.
    _data: Record
    # The head of its branch before its submit; '' where nobody waits for another one.
    _ref_sha: str
    # (value, why) of what it cannot depend on: depending.
    _depends_on_problems: list[tuple[str, str]]


class Job(Protocol):
    """``zuul.model.Job``."""

    name: str
    voting: bool
    mutex: str
    queue_name: str | None
    parameter_function: Any


class Build(Protocol):
    """``zuul.model.Build``."""

    job: Job
    result: str | None
    parameters: dict[str, str]
    build_set: BuildSet | None
    canceled: bool
    # Why it failed: reasons.
    reason: str


class BuildSet(Protocol):
    """``zuul.model.BuildSet``: one run of a pipeline's jobs for an item."""

    NEW: int
    COMPLETE: int
    item: Item
    ref: str
    merge_state: int
    unable_to_merge: Any
    failing_reasons: list[str]
    zuul_url: str
    builds: dict[str, Build]
    tries: dict[str, int]
    # The results that it stands on: ahead.
    ahead: list[str]
    # Why it was not merged, for a passing reason or because of a conflict; how often it was tried: untested.
    fault: str | None
    conflict: str | None
    merge_tries: int
    # The group of its change: grouping.
    group: str | None
    # Whether its results are in the publisher's notes: vouching.
    noted: bool

    def getBuild(self, job_name: str, /) -> Build | None: ...


class Item(Protocol):
    """``zuul.model.QueueItem``: a change in a queue."""

    change: Change
    pipeline: Pipeline
    queue: ChangeQueue
    current_build_set: BuildSet
    item_ahead: Item | None
    live: bool
    dequeue_time: float | None
    dequeued_needing_change: Any
    # Whether the start of its jobs is still to be told: untested.
    starts: bool
    # Its reports, and whether upstream's own part of reporting failed: reporting.
    reports: list[Report]
    report_failed: Any

    def addBuild(self, build: Build, /) -> None: ...
    def setReportedResult(self, result: str, /) -> None: ...


class ChangeQueue(Protocol):
    """``zuul.model.ChangeQueue``."""

    queue: list[Item]

    def getJobs(self) -> Iterable[Job]: ...
    def mergeChangeQueue(self, other: ChangeQueue, /) -> None: ...


class Filter(Protocol):
    """``zuul.model.ChangeishFilter``: what a pipeline requires of a change."""

    open: bool | None
    current_patchset: bool | None
    statuses: list[str]
    required_approvals: list[Clause]
    reject_approvals: list[Clause]

    def matches(self, change: Change, /) -> bool: ...
    def matchesRequiredApprovals(self, change: Change, /) -> bool: ...
    def _match_approval_required_approval(self, clause: Clause, vote: Record, /) -> bool: ...


# One vote that is required or rejected: label → amount or amounts, and who gave it.
Clause = dict[str, Any]


class Pipeline(Protocol):
    """``zuul.model.Pipeline``."""

    name: str
    source: Source
    manager: Manager
    success_actions: list[Reporter]
    failure_actions: list[Reporter]

    def getAllItems(self) -> list[Item]: ...
    def getProjects(self) -> list[Project]: ...
    def getJobs(self, item: Item, /) -> list[Job]: ...
    def getQueue(self, project: Project, /) -> ChangeQueue: ...
    def didAllJobsSucceed(self, item: Item, /) -> bool: ...
    def didAnyJobFail(self, item: Item, /) -> bool: ...
    def setUnableToMerge(self, item: Item, /) -> None: ...


class Manager(Protocol):
    """``zuul.scheduler.BasePipelineManager``, or one of its kinds."""

    log: logging.Logger
    sched: Scheduler
    pipeline: Pipeline
    changes_merge: bool
    changeish_filters: list[Filter]
    # While a change is added whatever the pipeline requires: readiness.
    ignores_requirements: bool

    def getSubmitAllowNeeds(self) -> set[str]: ...
    def getDependentItems(self, item: Item, /) -> list[Item]: ...
    def getFailingDependentItems(self, item: Item, /) -> Any: ...
    def isChangeAlreadyInQueue(self, change: Change, queue: ChangeQueue, /) -> bool: ...


class Event(Protocol):
    """``zuul.model.TriggerEvent``, or the end of a merge that the scheduler is told of."""

    branch: str
    comment: str | None
    account: Record | None
    forced_pipeline: str | None
    build_set: BuildSet
    zuul_url: str
    # When it was received: events.
    received: float


class Scheduler(Protocol):
    """``zuul.scheduler.Scheduler``."""

    log: logging.Logger
    config: Config
    layout: Any
    launcher: Any
    merger: Any
    trigger_event_queue: Any
    wake_event: threading.Event
    run_handler_lock: threading.Lock
    # Events that wait for Gerrit: events.
    kept_events: list[Event]
    # Its alerts of what a timer started: clock. What wakes it in a while: losses.
    _clock_alerts: Any
    _waker: Any

    def addEvent(self, event: Event, /) -> None: ...


class Connection(Protocol):
    """``zuul.connection.gerrit.GerritConnection``."""

    log: logging.Logger
    sched: Scheduler
    connection_name: str
    connection_config: dict[str, str]
    server: str
    user: str
    keyfile: str
    baseurl: str
    # paramiko's.
    client: Any
    event_queue: Any
    _change_cache: dict[str, Change]
    # When the event was received that is being handled: events. What was received: receiving.
    handling: float | None
    receiver: Receiver
    # What was told of changes that do not enter: readiness. The branches that are behind: merged.
    _notices: Any
    _branches_behind: set[tuple[str, str]]
    _outbox: Outbox | None

    def _ssh(self, command: str, /) -> tuple[str, str]: ...
    def simpleQuery(self, query: str, /) -> list[Record]: ...
    def getGitUrl(self, project: Any, /) -> str: ...
    def getInfoRefs(self, project: str, /) -> dict[str, str]: ...
    def getCachedChange(self, key: str, /) -> Change | None: ...
    def updateChangeCache(self, key: str, change: Change, /) -> None: ...
    def getEvent(self) -> tuple[float, Record]: ...
    # A connection for the thread that reports, and what is reported: line.
    def reportingLine(self) -> Any: ...
    def outbox(self) -> Outbox: ...


class Source(Protocol):
    """``zuul.source.gerrit.GerritSource``."""

    log: logging.Logger
    sched: Scheduler
    connection: Connection
    replication_timeout: float
    replication_retry_interval: float

    def getRefSha(self, project: str, ref: str, /) -> str: ...
    def _getChange(self, number: str, patchset: str, /) -> Change: ...


class Reporter(Protocol):
    """``zuul.reporter.gerrit.GerritReporter``."""

    log: logging.Logger
    sched: Scheduler
    connection: Connection
    reporter_config: dict[str, Any]
    _action: str

    def _formatItemReport(self, pipeline: Pipeline, item: Item, /) -> str: ...


class Launcher(Protocol):
    """``zuul.launcher.gearman.Gearman``."""

    log: logging.Logger
    gearman: Any
    builds: dict[str, Build]
    meta_jobs: dict[str, Any]
    # How long a job may be without workers: losses. Where a job leaves why it failed: reasons.
    grace: Grace
    reason_url: str | None


class MergeClient(Protocol):
    """``zuul.merger.client.MergeClient``."""

    log: logging.Logger
    gearman: Any
    build_sets: dict[str, BuildSet]
    # What was asked for, by the id of the merge: losses.
    asked: dict[str, Asked]

    def askAgain(self, job: Any, pause: float, wanted: Any, /) -> None: ...


# What a merger is asked for: the function, its argument, for which build set, how urgent it is, and which try it is.
Asked = tuple[str, Record, "BuildSet", Any, int]


class Merger(Protocol):
    """``zuul.merger.merger.Merger``. Its repositories are this package's: merging."""

    log: logging.Logger
    working_root: str
    email: str
    username: str
    repos: dict[str, Repository]

    def getRepo(self, project: str, url: str | None, /) -> Repository: ...
    def _setGitSsh(self, connection_name: str, /) -> None: ...
    def _mergeItem(self, item: Record, recent: Recent, /) -> str: ...


# (project, branch) → the newest commit that a merge has made of it.
Recent = dict[tuple[str, str], str]

"""Not about Python 3: an event whose change cannot be looked up is kept, and looked up again until Gerrit is there.

Upstream drops it: whoever pushes or approves while Gerrit restarts waits in vain. Here it is tried again, for hours
where need be, and those behind it wait in order, for they need Gerrit, too. What Gerrit refuses for good, such as a
change that is gone or that Zuul may not see, is dropped with a line in the log.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from zuul_py3.asking import RefusedError, Troubles, UnreachableError
from zuul_py3.hook import mends
from zuul_py3.losses import LOOK_AGAIN
from zuul_py3.upstream import Change, Connection, Event, Project, Record, Source
from zuul_py3.upstream import Scheduler as ZuulScheduler

# How often a look-up may be refused. A Gerrit that is about to end or has just begun refuses what it answers later.
REFUSALS = 6


class Scheduler:
    """The scheduler ``base``, which is told when an event was received."""

    def __init__(self, base: Any, when: float) -> None:
        self._base = base
        self._when = when

    def addEvent(self, event: Event) -> None:  # noqa: N802 - Zuul's name
        event.received = self._when
        self._base.addEvent(event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._base, name)


class OneEvent:
    """The connection ``base``, whose next event is ``data``, received at ``when``, however often it is asked for."""

    def __init__(self, base: Connection, when: float, data: Record) -> None:
        self._base = base
        self._event = (when, data)
        self.sched = Scheduler(base.sched, when)

    def getEvent(self) -> tuple[float, Record]:  # noqa: N802 - Zuul's name
        return self._event

    def __getattr__(self, name: str) -> Any:
        return getattr(self._base, name)


@mends("zuul.connection.gerrit")
def keep_events_until_they_are_looked_up(module: Any) -> None:
    """zuul/connection/gerrit.py:128-136: an event whose look-up fails is logged, and forgotten."""
    cls = module.GerritEventConnector
    handle = cls._handleEvent

    def handle_until_done(self: Any) -> None:
        connection = self.connection
        when, data = connection.getEvent()
        if self._stopped:
            return
        connection.handling = when
        self.connection = OneEvent(connection, when, data)
        try:
            look_up_and_hand_on(self, named(data))
        finally:
            self.connection = connection
            connection.handling = None

    def look_up_and_hand_on(self: Any, name: str) -> None:
        from zuul.exceptions import ChangeNotFound

        troubles, kept = Troubles(REFUSALS), False
        while not self._stopped:
            try:
                handle(self)
                return
            except ChangeNotFound as gone:
                self.log.warning("Dropped %s: Gerrit shows Zuul no change %s", name, gone.change)
                return
            except (UnreachableError, RefusedError) as error:
                if troubles.are_for_good(error):
                    self.log.error("Dropped %s: %s", name, error)
                    return
                if not kept and isinstance(error, UnreachableError):
                    self.log.warning("Kept %s, and what comes behind it, until Gerrit is there: %s", name, error)
                    kept = True
            time.sleep(LOOK_AGAIN)

    cls._handleEvent = handle_until_done


def named(event: Record) -> str:
    """What an event is about, for a log."""
    change = event.get("change") or {}
    patch_set = event.get("patchSet") or {}
    return f"{event.get('type')} of change {change.get('number')},{patch_set.get('number')}"


@mends("zuul.source.gerrit")
def keep_changes_that_cannot_be_looked_up(module: Any) -> None:
    """zuul/source/gerrit.py:170-176: a change whose look-up fails leaves the cache.

    It stays in its queue, where no later look-up reaches it.
    """
    cls = module.GerritSource
    get_change: Callable[..., Change] = cls._getChange
    update = cls._updateChange

    def get_and_keep(self: Source, number: str, patchset: str, refresh: bool = False, history: Any = None) -> Change:
        key = f"{number},{patchset}"
        known = self.connection.getCachedChange(key)
        try:
            return get_change(self, number, patchset, refresh=refresh, history=history)
        except (UnreachableError, RefusedError):
            if known is not None:
                self.connection.updateChangeCache(key, known)
            raise

    def update_or_say_that_it_is_gone(self: Source, change: Change, history: Any = None) -> Any:
        # zuul/source/gerrit.py:241 wants the patch set of a change before it looks whether there is one.
        try:
            return update(self, change, history)
        except KeyError:
            if change._data and "project" in change._data:
                raise
            raise module.exceptions.ChangeNotFound(change.number, change.patchset) from None

    cls._getChange = get_and_keep
    cls._updateChange = update_or_say_that_it_is_gone


@mends("zuul.source.gerrit")
def ignore_changes_behind_that_are_hidden(module: Any) -> None:
    """zuul/source/gerrit.py:324-350: a change that needs this one and that Zuul may not see ends this one's look-up."""
    cls = module.GerritSource
    get_change: Callable[..., Change] = cls._getChange
    nested = threading.local()

    def get_what_is_shown(
        self: Source, number: str, patchset: str, refresh: bool = False, history: Any = None
    ) -> Change:
        # Only a change that another one needs is looked up with that one's history.
        behind = getattr(nested, "depth", 0) > 0 and history is None
        nested.depth = getattr(nested, "depth", 0) + 1
        try:
            return get_change(self, number, patchset, refresh=refresh, history=history)
        except module.exceptions.ChangeNotFound as gone:
            if not behind:
                raise
            self.log.info("Ignored %s, which needs another one: Gerrit does not show it to Zuul", gone.change)
            hidden: Change = module.Change(None)
            hidden.number, hidden.patchset = number, patchset
            hidden.open = False
            return hidden
        finally:
            nested.depth -= 1

    cls._getChange = get_what_is_shown


@mends("zuul.source.gerrit")
def list_all_open_changes_or_none(module: Any) -> None:
    """zuul/source/gerrit.py:188-194 leaves out the changes that it could not look up."""

    def get_project_open_changes(self: Source, project: Project) -> list[Change]:
        changes = []
        for record in self.connection.simpleQuery(f"project:{project.name} status:open"):
            try:
                changes.append(self._getChange(record["number"], record["currentPatchSet"]["number"]))
            except UnreachableError:
                raise
            except Exception:
                self.log.exception("Unable to query change %s", record.get("number"))
        return changes

    module.GerritSource.getProjectOpenChanges = get_project_open_changes


@mends("zuul.trigger.zuultrigger")
def list_open_changes_until_gerrit_is_there(module: Any) -> None:
    """zuul/trigger/zuultrigger.py:64: what a merge makes of a project's other changes is logged, and forgotten."""
    cls = module.ZuulTrigger
    create = cls._createProjectChangeMergedEvents

    def create_or_later(self: Any, change: Change, source: Source) -> None:
        try:
            create(self, change, source)
        except UnreachableError as error:
            self.log.warning("The open changes beside %s are asked for later: %s", change, error)
            timer = threading.Timer(LOOK_AGAIN, create_or_later, [self, change, source])
            timer.daemon = True
            timer.start()

    cls._createProjectChangeMergedEvents = create_or_later


@mends("zuul.scheduler")
def keep_events_that_the_scheduler_looks_up(module: Any) -> None:
    """zuul/scheduler.py:1029: the scheduler looks up what has left the cache meanwhile, and forgets where it fails."""
    cls = module.Scheduler
    init, process = cls.__init__, cls.process_event_queue

    def with_shelf(self: ZuulScheduler, *args: Any, **settings: Any) -> None:
        init(self, *args, **settings)
        # Guarded by the queue's mutex, as the queue is.
        self.kept_events = []

    def process_or_keep(self: ZuulScheduler) -> None:
        queue = self.trigger_event_queue
        with queue.mutex:
            event = queue.queue[0]
            if self.kept_events:
                # Those behind an event that waits wait with it.
                self.kept_events.extend(queue.queue)
                queue.queue.clear()
                return
        try:
            process(self)
        except (UnreachableError, RefusedError) as error:
            if event.__dict__.setdefault("troubles", Troubles(REFUSALS)).are_for_good(error):
                self.log.error("Dropped %s: %s", event, error)
                return
            self.log.warning("Kept %s, and what comes behind it: %s", event, error)
            with queue.mutex:
                self.kept_events.append(event)
                queue.unfinished_tasks += 1
            timer = threading.Timer(LOOK_AGAIN, take_up_again, [self])
            timer.daemon = True
            timer.start()

    def take_up_again(self: ZuulScheduler) -> None:
        queue = self.trigger_event_queue
        with queue.mutex:
            queue.queue.extendleft(reversed(self.kept_events))
            self.kept_events.clear()
            queue.not_empty.notify()
        self.wake_event.set()

    cls.__init__ = with_shelf
    cls.process_event_queue = process_or_keep

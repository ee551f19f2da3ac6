"""Not about Python 3: a Gearman server, a merger or workers that go away and come back cost no change its result.

Upstream reports a change as failed, or as one that does not merge, where it only could not ask: the server was away,
the merger died in the middle, or the workers had not registered again. Here such work waits, and is asked for again.

The setting ``registration_grace`` in zuul.conf's [gearman] section says for how many seconds a job may be without
workers before it is reported as NOT_REGISTERED; without it that is at once, as upstream does.
"""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

from zuul_py3.hook import mends
from zuul_py3.upstream import Asked, BuildSet, Config, Item, Job, Launcher, Manager, MergeClient, Record, Scheduler

# Seconds after which work that waits is looked at again.
LOOK_AGAIN = 5
# How often a merge is asked for whose merger died or failed. One that got lost with its server does not count.
MERGE_ATTEMPTS = 3


class NotYetError(Exception):
    """Something cannot be done now, and may be later."""


class Waker:
    """Wakes the scheduler in a while, once however often it is asked."""

    def __init__(self, scheduler: Scheduler, delay: float = LOOK_AGAIN) -> None:
        self._scheduler = scheduler
        self._delay = delay
        self._lock = threading.Lock()
        self._pending = False

    def later(self) -> None:
        with self._lock:
            if self._pending:
                return
            self._pending = True
        timer = threading.Timer(self._delay, self._wake)
        timer.daemon = True
        timer.start()

    def _wake(self) -> None:
        with self._lock:
            self._pending = False
        self._scheduler.wake_event.set()


def wake_later(scheduler: Scheduler) -> None:
    """Wakes ``scheduler`` in a while: something that it would do now has to wait."""
    if not hasattr(scheduler, "_waker"):
        scheduler._waker = Waker(scheduler)
    scheduler._waker.later()


class Grace:
    """For how long each function has been missing, and whether that is still to be borne."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._missing_since: dict[str, float] = {}

    def bears(self, name: str, registered: bool) -> bool:
        """Whether ``name``, which is ``registered`` or not at this moment, may still come back."""
        if registered:
            self._missing_since.pop(name, None)
            return False
        since = self._missing_since.setdefault(name, self._clock())
        if self._clock() - since < self._seconds:
            return True
        del self._missing_since[name]
        return False


@mends("zuul.launcher.gearman")
def wait_for_workers(module: Any) -> None:
    """zuul/launcher/gearman.py:364-395: what cannot be submitted now fails the change for good."""
    cls = module.Gearman
    init, launch, is_registered, completed = cls.__init__, cls.launch, cls.isJobRegistered, cls.onBuildCompleted

    def with_grace(self: Launcher, config: Config, *args: Any, **settings: Any) -> None:
        seconds = 0
        if config.has_option("gearman", "registration_grace"):
            seconds = config.getint("gearman", "registration_grace")
        self.grace = Grace(seconds)
        init(self, config, *args, **settings)

    def registered_or_not_yet(self: Launcher, name: str) -> Any:
        registered = is_registered(self, name)
        if name.startswith("build:") and self.grace.bears(name, registered):
            raise NotYetError(f"nobody has registered {name} yet")
        return registered

    def launch_or_not_yet(self: Launcher, job: Job, *args: Any, **settings: Any) -> Any:
        if job.name != "noop" and not self.gearman.active_connections:
            raise NotYetError("the Gearman server is away")
        try:
            return launch(self, job, *args, **settings)
        except NotYetError:
            # It was noted as a build before it was submitted, and belongs to no change yet.
            for uuid, build in list(self.builds.items()):
                if build.build_set is None:
                    del self.builds[uuid]
            raise

    def completed_or_lost(self: Launcher, job: Any, result: str | None = None) -> None:
        # Neither says anything of the job: the connection broke while it was submitted. Upstream tries again what has
        # no result, as often as the job's `attempts` says.
        completed(self, job, None if result in ("EXCEPTION", "NO_HANDLE") else result)

    cls.__init__ = with_grace
    cls.isJobRegistered = registered_or_not_yet
    cls.launch = launch_or_not_yet
    cls.onBuildCompleted = completed_or_lost


@mends("zuul.scheduler")
def keep_what_must_wait(module: Any) -> None:
    """zuul/scheduler.py:1486 and 1515: without a server, merges end the run of the queues, again and again."""
    cls = module.BasePipelineManager
    prepare = cls.prepareRef

    def prepare_or_wait(self: Manager, item: Item) -> Any:
        build_set = item.current_build_set
        if build_set.merge_state == build_set.NEW and not self.sched.merger.isConnected():
            self.log.info("%s waits for the Gearman server", item.change)
            wake_later(self.sched)
            return False
        return prepare(self, item)

    def launch_or_wait(self: Manager, item: Item, jobs: Iterable[Job]) -> None:
        behind = self.getDependentItems(item)
        for job in jobs:
            try:
                build = self.sched.launcher.launch(job, item, self.pipeline, behind)
            except NotYetError as reason:
                self.log.info("Job %s of %s waits: %s", job, item.change, reason)
                wake_later(self.sched)
            except Exception:
                self.log.exception("Job %s of %s could not be launched", job, item.change)
            else:
                item.addBuild(build)

    cls.prepareRef = prepare_or_wait
    cls._launchJobs = launch_or_wait


@mends("zuul.scheduler")
def free_what_is_held_by_nobody(module: Any) -> None:
    """zuul/scheduler.py:81: a job that had to wait holds its mutex, and goes on to where its change leaves the queue.

    Upstream frees the mutexes of builds, and it is no build yet.
    """
    cls = module.MutexHandler
    acquire = cls.acquire

    def acquire_from_nobody(self: Any, item: Item, job: Job) -> Any:
        holder, _ = self.mutexes.get(job.mutex, (None, None))
        if holder is not None and (holder.queue is None or holder.dequeue_time is not None):
            self.log.info("Mutex %s is free: %s has left its queue", job.mutex, holder)
            del self.mutexes[job.mutex]
        return acquire(self, item, job)

    cls.acquire = acquire_from_nobody


@mends("zuul.merger.client")
def ask_again_for_lost_merges(module: Any) -> None:
    """zuul/merger/client.py:43-55: a merge whose server or merger died counts as one that failed."""
    cls, gearman = module.MergeClient, module.MergeGearmanClient
    init, submit, completed = cls.__init__, cls.submitJob, cls.onBuildCompleted

    def with_memory(self: MergeClient, *args: Any, **settings: Any) -> None:
        # Id of a merge → what was asked for, and how often.
        self.asked = {}
        init(self, *args, **settings)

    def is_connected(self: MergeClient) -> bool:
        return bool(self.gearman.active_connections)

    def submit_and_remember(
        self: MergeClient, name: str, data: Record, build_set: BuildSet, precedence: Any, attempt: int
    ) -> None:
        known = set(self.build_sets)

        def ours() -> list[str]:
            return [new for new in set(self.build_sets) - known if self.build_sets.get(new) is build_set]

        try:
            submit(self, name, data, build_set, precedence)
        except Exception:
            for unique in ours():
                del self.build_sets[unique]
            raise
        for unique in ours():
            self.asked[unique] = (name, data, build_set, precedence, attempt)

    def submit_or_later(
        self: MergeClient,
        name: str,
        data: Record,
        build_set: BuildSet,
        precedence: Any = module.zuul.model.PRECEDENCE_NORMAL,
    ) -> None:
        asked = (name, data, build_set, precedence, 1)
        try:
            submit_and_remember(self, *asked)
        except Exception:
            self.log.exception("Cannot ask for a merge, trying again")
            # Zuul does not ask twice: the change would wait for this merge for good.
            waiting = uuid4().hex
            self.build_sets[waiting] = build_set
            go_on_asking(self, waiting, asked)

    def on_lost(self: MergeClient, job: Any, counts: bool) -> bool:
        """Whether a merge that got lost is asked for again; ``counts`` as one of its attempts, or not."""
        asked = self.asked.pop(job.unique, None)
        if asked is None or job.unique not in self.build_sets:
            return False
        name, data, build_set, precedence, attempt = asked
        if counts and attempt >= MERGE_ATTEMPTS:
            return False
        self.log.warning("Merge %s got lost, asking again", job)
        go_on_asking(self, job.unique, (name, data, build_set, precedence, attempt + counts))
        return True

    def ask_again(self: MergeClient, job: Any, pause: float, wanted: Callable[[], bool]) -> None:
        """Asks for a merge that is over once more, ``pause`` seconds from now, if it is still ``wanted()`` then."""
        go_on_asking(self, job.unique, self.asked.pop(job.unique), pause, wanted)

    def complete(self: MergeClient, job: Any) -> None:
        self.asked.pop(job.unique, None)
        completed(self, job)

    def go_on_asking(
        self: MergeClient, waiting: str, asked: Asked, pause: float = 0, wanted: Callable[[], bool] = lambda: True
    ) -> None:
        # In a thread: gear calls from its own, which must not wait for an answer, and Zuul from its scheduler's.
        threading.Thread(target=submit_when_possible, args=(self, waiting, asked, pause, wanted), daemon=True).start()

    def submit_when_possible(
        self: MergeClient, waiting: str, asked: Asked, pause: float, wanted: Callable[[], bool]
    ) -> None:
        try:
            time.sleep(pause)
            while wanted():
                self.gearman.waitForServer()
                try:
                    submit_and_remember(self, *asked)
                    return
                except Exception:
                    self.log.exception("Cannot ask for a merge, trying again")
                    time.sleep(LOOK_AGAIN)
        finally:
            self.build_sets.pop(waiting, None)

    def lost_or(method: str, counts: bool) -> Callable[[Any, Any], Any]:
        def handle(self: Any, packet_or_job: Any) -> Any:
            client = self._MergeGearmanClient__merge_client
            base = getattr(module.gear.Client, method)
            if method == "handleDisconnect":
                base(self, packet_or_job)
                job = packet_or_job
            else:
                job = base(self, packet_or_job)
            if not client.onLost(job, counts):
                client.onBuildCompleted(job)
            return job

        return handle

    cls.__init__ = with_memory
    cls.isConnected = is_connected
    cls.submitJob = submit_or_later
    cls.onLost = on_lost
    cls.askAgain = ask_again
    cls.onBuildCompleted = complete
    gearman.handleWorkFail = lost_or("handleWorkFail", counts=True)
    gearman.handleWorkException = lost_or("handleWorkException", counts=True)
    gearman.handleDisconnect = lost_or("handleDisconnect", counts=False)

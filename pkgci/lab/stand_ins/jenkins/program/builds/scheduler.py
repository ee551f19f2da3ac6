"""Who runs where and when: the queue, and the executors of the nodes."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from ..config.model import Configuration
from ..jobs.record import Build
from ..jobs.store import JobStore, UnknownJobError
from ..nodes.agent import Agent
from .environment import Server, environment
from .labels import may_run
from .run import Control, run_build, workspace_of

_LOG = logging.getLogger(__name__)
_REMEMBERED = 200


class CancelledError(Exception):
    """A build that was taken out of the queue before it began."""


@dataclass
class Item:
    """A build that waits. ``executor`` is where it must run, as (node, number), if that is settled."""

    id: int
    job: str
    parameters: Mapping[str, str]
    cause: str
    executor: tuple[str, int] | None
    since: int = field(default_factory=lambda: int(time.time() * 1000))
    why: str = "waiting"
    cancelled: bool = False
    build: Build | None = None


@dataclass
class Running:
    """A build on an executor."""

    build: Build
    workspace: str
    control: Control
    agent: Agent


class Scheduler:
    """The queue and the executors. Whoever wants a build calls ``run`` in a thread of his own, and waits there."""

    def __init__(self, store: JobStore, server: Server) -> None:
        self._store = store
        self._server = server
        self._changed = threading.Condition()
        self._ids = itertools.count(1)
        self._configuration = Configuration()
        self._agents: dict[str, Agent] = {}
        self._queue: list[Item] = []
        self._left: list[Item] = []
        self._running: dict[tuple[str, int], Running] = {}
        self._closed = False
        self._quiet = False
        # Told (outside of the lock) that an executor was taken by a build that did not come from its own worker.
        self.on_taken: Callable[[str, int], None] = lambda node, index: None

    def configure(self, configuration: Configuration, agents: Mapping[str, Agent]) -> None:
        """Takes a new configuration. What runs goes on."""
        with self._changed:
            self._configuration, self._agents = configuration, dict(agents)
            self._changed.notify_all()

    def wake(self) -> None:
        """Something has changed: a node, a job."""
        with self._changed:
            self._changed.notify_all()

    def submit(self, job: str, parameters: Mapping[str, str], cause: str) -> Item:
        """Puts a build into the queue and returns at once; defaults stand in for parameters that are not given.

        Raises ``UnknownJobError``.
        """
        definition = self._store.job(job).definition
        item = self._enqueue(job, definition.with_defaults(parameters), cause, None)
        threading.Thread(target=self._run_quietly, args=(item,), name=f"{job} (queue {item.id})", daemon=True).start()
        return item

    def run(
        self,
        job: str,
        parameters: Mapping[str, str],
        cause: str,
        executor: tuple[str, int],
        on_start: Callable[[Build], None],
    ) -> tuple[Build, Agent]:
        """Queues a build for this executor, waits, runs it; how it ended. ``on_start`` is told as it begins.

        It has the ``parameters`` that its job declares, and no others: not even by default.
        Raises ``CancelledError`` and ``UnknownJobError``.
        """
        return self._run(self._enqueue(job, parameters, cause, executor), on_start)

    def wait_idle(self, node: str, index: int, closed: Callable[[], bool], held: Callable[[], bool]) -> None:
        """Waits until the executor is free and not ``held``, or ``closed`` says that nobody needs it any more."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    closed() or self._closed or ((node, index) not in self._running and not held() and not self._quiet)
                )
            )

    @property
    def quiet(self) -> bool:
        """Whether no build may begin."""
        return self._quiet

    def be_quiet(self, *, down: bool) -> None:
        """Lets no build begin, or lets them begin again. What runs goes on."""
        with self._changed:
            self._quiet = down
            self._changed.notify_all()

    def wait_quiet(self) -> None:
        """Waits until nothing runs."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running)

    def running(self) -> list[Running]:
        """What runs now, the oldest first."""
        with self._changed:
            return sorted(self._running.values(), key=lambda item: item.build.started)

    def queue(self) -> list[Item]:
        """What waits, the oldest first."""
        with self._changed:
            return list(self._queue)

    def item(self, number: int) -> Item | None:
        """The item of the queue, also for a while after it has left it."""
        with self._changed:
            return next((item for item in (*self._queue, *self._left) if item.id == number), None)

    def cancel(self, number: int) -> bool:
        """Takes an item out of the queue. False where it is not in it."""
        return self._cancel(lambda item: item.id == number)

    def cancel_job(self, job: str) -> None:
        """Ends what waits and what runs of a job that is deleted."""
        self._cancel(lambda item: item.job == job)
        for running in self.running():
            if running.build.job == job:
                running.control.abort(f"The job {job} was deleted")

    def abort(self, job: str, number: int, reason: str) -> bool:
        """Ends a running build. False where it is not running, or is being ended already."""
        for running in self.running():
            if (running.build.job, running.build.number) == (job, number):
                return running.control.abort(reason)
        return False

    def close(self) -> None:
        """Begins nothing more. What runs on the nodes runs on there: only the connections end, with this process."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # What follows is called by the thread that wants the build.

    def _enqueue(self, job: str, parameters: Mapping[str, str], cause: str, executor: tuple[str, int] | None) -> Item:
        with self._changed:
            item = Item(next(self._ids), job, parameters, cause, executor)
            self._queue.append(item)
            self._changed.notify_all()
            return item

    def _cancel(self, which: Callable[[Item], bool]) -> bool:
        with self._changed:
            found = [item for item in self._queue if which(item)]
            for item in found:
                item.cancelled = True
            self._changed.notify_all()
            return bool(found)

    def _run_quietly(self, item: Item) -> None:
        try:
            self._run(item, lambda build: None)
        except (CancelledError, UnknownJobError) as error:
            _LOG.info("%s: %s", item.job, error)
        except Exception:
            _LOG.exception("a build of %s", item.job)

    def _run(self, item: Item, on_start: Callable[[Build], None]) -> tuple[Build, Agent]:
        with self._started(item) as running:
            on_start(running.build)
            if item.executor is None:
                self.on_taken(running.build.node, running.build.executor)
            job, configuration = self._store.job(item.job), self._configuration
            ended = run_build(
                running.build,
                job.definition,
                running.agent,
                running.workspace,
                lambda cookie: environment(
                    running.build, running.agent.definition, configuration, running.workspace, self._server, cookie
                ),
                self._store,
                running.control,
            )
            with suppress(UnknownJobError):
                self._store.discard_old(item.job)
        return ended, running.agent

    @contextmanager
    def _started(self, item: Item) -> Iterator[Running]:
        place: tuple[str, int] | None = None
        with self._changed:
            try:
                while place is None:
                    if item.cancelled or self._closed:
                        raise CancelledError("taken out of the queue")
                    place = self._place(item)
                    if place is None:
                        self._changed.wait()
                running = self._begin(item, place)
            finally:
                self._queue.remove(item)
                self._left = [*self._left[-_REMEMBERED:], item]
            self._running[place] = running
            item.build = running.build
        try:
            yield running
        finally:
            with self._changed:
                del self._running[place]
                self._changed.notify_all()

    def _begin(self, item: Item, place: tuple[str, int]) -> Running:
        agent = self._agents[place[0]]
        definition = self._store.job(item.job).definition
        taken = frozenset(other.workspace for other in self._running.values() if other.build.node == agent.name)
        workspace = workspace_of(agent.definition.remote_fs, item.job, taken)
        for name in definition.undeclared(item.parameters):
            _LOG.warning("the job %s does not declare the parameter %s: it is dropped", item.job, name)
        build = self._store.start(
            item.job,
            lambda number: Build(
                job=item.job,
                number=number,
                node=agent.name,
                executor=place[1],
                cause=item.cause,
                queue_id=item.id,
                started=int(time.time() * 1000),
                parameters=definition.passed(item.parameters),
            ),
        )
        return Running(build, workspace, Control(), agent)

    def _place(self, item: Item) -> tuple[str, int] | None:
        """The executor on which ``item`` can begin now; else None, and ``why`` says what it waits for."""
        definition = self._store.job(item.job).definition
        if self._quiet:
            item.why = "Jenkins is about to shut down"
            return None
        if not definition.concurrent:
            active = next((run.build for run in self._running.values() if run.build.job == item.job), None)
            if active is not None:
                item.why = f"Build #{active.number} is already in progress"
                return None
            if next(other for other in self._queue if other.job == item.job) is not item:
                item.why = "Another build of this job came before"
                return None
        if item.executor is not None:
            agent = self._agents.get(item.executor[0])
            if agent is None or not agent.online:
                # Its worker is gone with the node: the one who asked has been told already.
                raise CancelledError(f"{item.executor[0]} is offline")
            item.why = f"Waiting for next available executor on ‘{item.executor[0]}’"
            return item.executor if item.executor not in self._running else None
        item.why = f"Waiting for next available executor on ‘{definition.label or 'any node'}’"
        fitting = [agent for agent in self._agents.values() if may_run(definition.label, agent.definition)]
        if not any(agent.online for agent in fitting):
            item.why = f"There are no nodes online for ‘{definition.label or 'any node'}’"
        for agent in fitting:
            for index in range(agent.definition.executors if agent.online else 0):
                if (agent.name, index) not in self._running:
                    return agent.name, index
        return None

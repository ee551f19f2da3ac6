"""The workers: those of each node that is online, and the manager's. After the plugin's ``GearmanProxy``."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from ..builds.estimate import estimate
from ..builds.scheduler import Scheduler
from ..config.model import Configuration
from ..jobs.record import Build
from ..jobs.store import JobStore, UnknownJobError
from ..nodes.agent import Agent
from .functions import (
    PayloadError,
    functions_of,
    job_of,
    parameters_of,
    status_data,
    wants_offline,
    which_build,
)
from .worker import Worker

_LOG = logging.getLogger(__name__)
# The plugin runs as nobody.
_CAUSE = "Started by user unknown or anonymous"
_NOT_STARTED = Configuration()


class GearmanLink:
    """All workers. Host, port and number are those of when a node's workers were made: with its connection.

    A reload that changes them, or switches the plugin off, leaves the workers that there are as they are.
    """

    def __init__(self, scheduler: Scheduler, store: JobStore) -> None:
        self._scheduler, self._store = scheduler, store
        self._manager_name = socket.gethostname()
        self._lock = threading.RLock()
        self._configuration = _NOT_STARTED
        self._manager: Worker | None = None
        self._workers: dict[tuple[str, int], Worker] = {}
        # Workers that had no build yet: what the real one's first data of a build says may be older than its executor,
        # and name no node. Here it always does for the first build of an executor.
        self._fresh: set[str] = set()
        # Nodes that a client wants offline when its build ends: nothing more is asked for them until then.
        self._held: set[str] = set()
        scheduler.on_taken = self._taken

    def configure(self, configuration: Configuration, agents: Iterable[Agent]) -> None:
        """Takes a new configuration: nodes that are new, and labels that have changed. Workers stay as they are."""
        with self._lock:
            starts = self._configuration is _NOT_STARTED
            self._configuration = configuration
            for agent in agents:
                self.node_changed(agent)
            if starts and configuration.gearman.enabled:
                self._start_manager()

    def node_changed(self, agent: Agent) -> None:
        """A node has come, gone, or changed what it offers."""
        node = agent.definition
        with self._lock:
            if not agent.connected:
                self._forget(node.name)
                return
            if not self._configuration.gearman.enabled:
                return
            functions = functions_of(node, self._store.jobs()) if agent.online else frozenset()
            known = [index for name, index in self._workers if name == node.name]
            for index in known:
                self._workers[node.name, index].offer(functions)
            if not known:
                # A plugin that a reload has switched on begins with the next node that comes.
                self._start_manager()
                for index in range(node.executors):
                    self._workers[node.name, index] = self._executor(agent, index, functions)

    def node_gone(self, name: str) -> None:
        """A node was deleted."""
        with self._lock:
            self._forget(name)

    def jobs_changed(self, agents: Iterable[Agent]) -> None:
        """Jobs were made, changed or deleted."""
        with self._lock:
            for agent in agents:
                self.node_changed(agent)

    def close(self) -> None:
        """Closes every connection: for what is under way, Gearman's server tells its client that it failed."""
        with self._lock:
            for name in {name for name, _ in self._workers}:
                self._forget(name)
            if self._manager is not None:
                self._manager.close()

    def _forget(self, name: str) -> None:
        for place in [place for place in self._workers if place[0] == name]:
            self._workers.pop(place).close()
        # Their threads may wait for an executor.
        self._scheduler.wake()

    def _start_manager(self) -> None:
        if self._manager is not None:
            return
        host = self._manager_name
        self._manager = Worker(
            f"{host}_manager",
            self._configuration.gearman,
            frozenset({f"stop:{host}", f"set_description:{host}"}),
            lambda worker: None,
            lambda worker, job: self._manage(job),
        )

    def _executor(self, agent: Agent, index: int, functions: frozenset[str]) -> Worker:
        def ready(worker: Worker) -> None:
            self._scheduler.wait_idle(agent.name, index, lambda: worker.closed, lambda: agent.name in self._held)

        name = f"{agent.name}_exec-{index}"
        self._fresh.add(name)
        return Worker(
            name,
            self._configuration.gearman,
            functions,
            ready,
            lambda worker, job: self._build(worker, job, agent, index),
        )

    def _taken(self, node: str, index: int) -> None:
        with self._lock:
            worker = self._workers.get((node, index))
        if worker is not None:
            worker.interrupt()

    def _build(self, worker: Worker, job: Any, agent: Agent, index: int) -> None:
        parameters = parameters_of(job.arguments)
        losses = agent.losses
        offline = wants_offline(parameters)
        url = self._configuration.url
        if offline:
            self._hold(agent)

        def started(build: Build) -> None:
            node = None if worker.name in self._fresh else agent.definition
            self._fresh.discard(worker.name)
            # Gearman may go away under the build: the build goes on, as the real one's does.
            with suppress(Exception):
                job.sendWorkData(status_data(build, node, self._manager_name, worker.name, url))
                elapsed = max(1, int(time.time() * 1000) - build.started)
                job.sendWorkStatus(elapsed, estimate(self._store.builds(build.job)))

        try:
            build, _ = self._scheduler.run(job_of(job.name), parameters, _CAUSE, (agent.name, index), started)
        finally:
            if offline:
                agent.switch("Offline due to Gearman request")
                self._release(agent)
        if agent.losses != losses or not agent.connected:
            # Whoever noticed it first closes the workers of the node, but perhaps not yet. A result would be a verdict.
            with suppress(Exception):
                job.sendWorkFail()
            return
        if not worker.closed:
            job.sendWorkComplete(status_data(build, agent.definition, self._manager_name, worker.name, url))

    def _hold(self, agent: Agent) -> None:
        self._held.add(agent.name)
        with self._lock:
            others = [worker for (name, _), worker in self._workers.items() if name == agent.name]
        for worker in others:
            worker.interrupt()

    def _release(self, agent: Agent) -> None:
        self._held.discard(agent.name)
        self._scheduler.wake()

    def _manage(self, job: Any) -> None:
        name, number, description = which_build(job.arguments)
        try:
            self._store.build(name, number)
        except UnknownJobError:
            raise PayloadError(f"Cannot find build number {number}") from None
        if job.name.startswith("stop:"):
            if self._scheduler.abort(name, number, "Aborted by Gearman"):
                job.sendWorkComplete()
            else:
                job.sendWorkFail()
        else:
            self._store.describe(name, number, description)
            job.sendWorkComplete(f"Description for Jenkins build {number} was updated to {description}")

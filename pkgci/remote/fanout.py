"""The same work on many hosts, side by side: one host's failure stops no other."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pkgci.errors import PkgciError
from pkgci.model.site import Host
from pkgci.remote.errors import HostError
from pkgci.remote.pool import Pool

T = TypeVar("T")

# How long interrupted work may tidy up (seconds): a command ends 2 seconds after its signal at the latest.
_TIDYING = 0.5
# To wait for a connection costs nothing: so many hosts are connected to at a time, however few are worked on.
_CONNECTING = 100

# Connects to a host, and holds the connection while the work on it waits for its turn.
Connect = Callable[[Host], AbstractContextManager[object]]


def no_connection(host: Host) -> AbstractContextManager[object]:
    """For work that connects by itself, or not at all."""
    return nullcontext()


def each_host(
    hosts: Sequence[Host],
    work: Callable[[Host], T],
    pool: Pool,
    *,
    parallel: int,
    connect: Connect = no_connection,
    done: Callable[[Host, T | HostError], None] | None = None,
) -> dict[str, T | HostError]:
    """What ``work`` gives for each of ``hosts``, by name and in their order; at most ``parallel`` at a time.

    ``connect`` comes before the work, on all hosts side by side: a host that cannot be reached keeps no other waiting.
    A ``PkgciError`` of either becomes the result of its host. ``done`` is called on the calling thread as results
    come. Any other exception is a fault of pkgci: it is raised once the other hosts are done. KeyboardInterrupt cuts
    the connections of ``pool``, gives the work a moment to tidy up, and is raised.
    """
    crew = _Crew(work, connect, threading.BoundedSemaphore(parallel))
    for host in hosts:
        crew.todo.put(host)
    count = max(parallel, _CONNECTING) if connect is not no_connection else parallel
    threads = [
        threading.Thread(target=crew.work_through, name=f"host-{number}", daemon=True)
        for number in range(min(count, len(hosts)))
    ]
    results: dict[str, T | HostError] = {}
    faults: list[BaseException] = []
    try:
        for thread in threads:
            thread.start()
        for _ in hosts:
            host, result = crew.finished.get()
            if isinstance(result, BaseException) and not isinstance(result, HostError):
                faults.append(result)
                continue
            results[host.name] = result
            if done is not None:
                done(host, result)
    except BaseException:
        crew.stopped.set()
        pool.cut()
        deadline = time.monotonic() + _TIDYING
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        raise
    if faults:
        raise faults[0]
    return {host.name: results[host.name] for host in hosts}


@dataclass
class _Crew(Generic[T]):
    """The threads that do the work, and what they have in common."""

    work: Callable[[Host], T]
    connect: Connect
    turn: threading.BoundedSemaphore
    todo: queue.SimpleQueue[Host] = field(default_factory=queue.SimpleQueue)
    finished: queue.SimpleQueue[tuple[Host, T | HostError | BaseException]] = field(default_factory=queue.SimpleQueue)
    stopped: threading.Event = field(default_factory=threading.Event)

    def work_through(self) -> None:
        """Takes one host after another, until there is none or the user has interrupted."""
        while not self.stopped.is_set():
            try:
                host = self.todo.get_nowait()
            except queue.Empty:
                return
            self.finished.put((host, self._result(host)))

    def _result(self, host: Host) -> T | HostError | BaseException:
        try:
            with self.connect(host), self.turn:
                if self.stopped.is_set():
                    raise HostError(host.name, "interrupted")
                return self.work(host)
        except HostError as error:
            return error
        except PkgciError as error:
            told = HostError(host.name, error.message, error.hint)
            told.status = error.status
            return told
        except BaseException as error:
            return error

"""The same work on many hosts, side by side: one host's failure stops no other."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from pkgci.errors import PkgciError
from pkgci.model.site import Host
from pkgci.remote.errors import HostError
from pkgci.remote.pool import POOL

T = TypeVar("T")

_FAREWELL = 3.0  # seconds that interrupted work has to tidy up


def each_host(
    hosts: Sequence[Host],
    work: Callable[[Host], T],
    *,
    parallel: int,
    done: Callable[[Host, T | HostError], None] | None = None,
) -> dict[str, T | HostError]:
    """What ``work`` gives for each of ``hosts``, by name and in their order; at most ``parallel`` at a time.

    A ``PkgciError`` of the work becomes the result of its host. ``done`` is called on the calling thread as results
    come. Any other exception is a fault of pkgci: it is raised once the other hosts are done. KeyboardInterrupt cuts
    every connection, gives the work a moment to tidy up, and is raised.
    """
    POOL.mend()
    todo: queue.SimpleQueue[Host] = queue.SimpleQueue()
    for host in hosts:
        todo.put(host)
    finished: queue.SimpleQueue[tuple[Host, T | HostError | BaseException]] = queue.SimpleQueue()
    stopped = threading.Event()
    threads = [
        threading.Thread(target=_worker, args=(todo, finished, work, stopped), name=f"host-{number}", daemon=True)
        for number in range(min(parallel, len(hosts)))
    ]
    results: dict[str, T | HostError] = {}
    faults: list[BaseException] = []
    try:
        for thread in threads:
            thread.start()
        for _ in hosts:
            host, result = finished.get()
            if isinstance(result, BaseException) and not isinstance(result, HostError):
                faults.append(result)
                continue
            results[host.name] = result
            if done is not None:
                done(host, result)
    except BaseException:
        stopped.set()
        POOL.cut()
        deadline = time.monotonic() + _FAREWELL
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        raise
    if faults:
        raise faults[0]
    return {host.name: results[host.name] for host in hosts}


def _worker(
    todo: queue.SimpleQueue[Host],
    finished: queue.SimpleQueue[tuple[Host, T | HostError | BaseException]],
    work: Callable[[Host], T],
    stopped: threading.Event,
) -> None:
    while not stopped.is_set():
        try:
            host = todo.get_nowait()
        except queue.Empty:
            return
        try:
            finished.put((host, work(host)))
        except HostError as error:
            finished.put((host, error))
        except PkgciError as error:
            told = HostError(host.name, error.message, error.hint)
            told.status = error.status
            finished.put((host, told))
        except BaseException as error:
            finished.put((host, error))

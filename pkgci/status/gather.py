"""Asks every host how it is, side by side, with a deadline: one SSH session and one script each."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from pkgci.facts.fact import collect, read_from
from pkgci.model.site import Host, Site
from pkgci.remote.errors import HostError, UnreachableError
from pkgci.remote.fanout import Connect, each_host, no_connection
from pkgci.remote.pool import Pool
from pkgci.remote.session import Session, open_session
from pkgci.remote.trust import Trust
from pkgci.status.collect import Health, HostFacts


def gather(site: Site, trust: Trust, *, parallel: int) -> dict[str, HostFacts | HostError]:
    """What each host says, by name and in the site's order. Who has not answered in time is an error that says so.

    As many hosts as are asked at a time have the site's time-out for connecting; the next ones have as much again.
    """
    pool = Pool()
    deadline = float(site.timeouts.connect)
    rounds = -(-len(site.hosts) // parallel)

    def connect(host: Host) -> Session:
        return open_session(site, host, trust, pool, timeout=site.timeouts.brief)

    def look(host: Host) -> HostFacts:
        with connect(host) as session:
            return ask(site, session, deadline)

    return within(site, look, pool, parallel=parallel, connect=connect, deadline=deadline * max(1, rounds))


def ask(site: Site, session: Session, deadline: float) -> HostFacts:
    """How the host of ``session`` is. Raises ``HostError``."""
    health = Health(site, session.host)
    return read_from(session, health.read, collect(session, health.facts, timeout=deadline))


def within(
    site: Site,
    work: Callable[[Host], HostFacts],
    pool: Pool,
    *,
    parallel: int,
    deadline: float,
    connect: Connect = no_connection,
) -> dict[str, HostFacts | HostError]:
    """What ``work`` gives for each host within ``deadline`` seconds."""
    told: queue.SimpleQueue[tuple[str, HostFacts | HostError] | BaseException] = queue.SimpleQueue()

    def ask_all() -> None:
        try:
            each_host(
                site.hosts,
                work,
                pool,
                parallel=parallel,
                connect=connect,
                done=lambda host, result: told.put((host.name, result)),
            )
        except BaseException as error:
            told.put(error)

    # A thread that does not keep the process alive: a host that never answers does not hold up the screen.
    threading.Thread(target=ask_all, name="status", daemon=True).start()
    end = time.monotonic() + deadline
    found: dict[str, HostFacts | HostError] = {}
    try:
        while len(found) < len(site.hosts):
            try:
                answer = told.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            if isinstance(answer, BaseException):
                raise answer
            found[answer[0]] = answer[1]
    finally:
        if len(found) < len(site.hosts):
            pool.cut()
    late = f"no answer within {deadline:g} s"
    return {host.name: found.get(host.name) or UnreachableError(host.name, late) for host in site.hosts}

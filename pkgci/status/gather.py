"""Asks every host how it is, side by side, with a deadline: one SSH session and one script each."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from pkgci.model.site import Host, Site
from pkgci.remote.errors import HostError, UnreachableError
from pkgci.remote.fanout import each_host
from pkgci.remote.pool import POOL
from pkgci.remote.session import open_session
from pkgci.remote.trust import Trust
from pkgci.status.collect import HostFacts, parse, script

# Seconds: for the whole, and for one step of connecting.
DEADLINE = 10.0
_CONNECT = 5.0


def gather(site: Site, trust: Trust, *, parallel: int, deadline: float = DEADLINE) -> dict[str, HostFacts | HostError]:
    """What each host says, by name and in the site's order. Who has not answered in time is an error that says so.

    ``deadline`` (seconds) is for as many hosts as are asked at a time; the next ones get as much again.
    """
    rounds = -(-len(site.hosts) // parallel)
    return within(
        site, lambda host: ask(site, host, trust, deadline), parallel=parallel, deadline=deadline * max(1, rounds)
    )


def ask(site: Site, host: Host, trust: Trust, deadline: float) -> HostFacts:
    """How ``host`` is. Raises ``HostError``."""
    with open_session(site, host, trust, timeout=_CONNECT) as session:
        completed = session.run("bash -s", stdin=script(site, host), timeout=deadline)
    try:
        return parse(completed.stdout)
    except ValueError:
        said = completed.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise HostError(host.name, f"the look at the host broke off: {said[0]}") from None


def within(
    site: Site, work: Callable[[Host], HostFacts], *, parallel: int, deadline: float
) -> dict[str, HostFacts | HostError]:
    """What ``work`` gives for each host within ``deadline`` seconds."""
    told: queue.SimpleQueue[tuple[str, HostFacts | HostError] | BaseException] = queue.SimpleQueue()

    def ask_all() -> None:
        try:
            each_host(site.hosts, work, parallel=parallel, done=lambda host, result: told.put((host.name, result)))
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
            POOL.cut()
    late = f"no answer within {deadline:g} s"
    return {host.name: found.get(host.name) or UnreachableError(host.name, late) for host in site.hosts}

"""Work on many hosts side by side."""

import os
import signal
import threading
import time

import pytest

from pkgci.errors import PkgciError
from pkgci.model.site import Host, Site
from pkgci.remote.errors import HostError, UnreachableError
from pkgci.remote.fanout import each_host
from pkgci.remote.pool import Pool


def test_results_come_in_the_order_of_the_hosts(site: Site) -> None:
    first = threading.Event()

    def work(host: Host) -> str:
        if host is site.hosts[0]:
            first.wait(5)
        elif host is site.hosts[-1]:
            first.set()
        return host.fqdn

    assert list(each_host(site.hosts, work, Pool(), parallel=20).items()) == [
        (host.name, host.fqdn) for host in site.hosts
    ]


def test_one_hosts_failure_stops_no_other(site: Site) -> None:
    def work(host: Host) -> str:
        if host.name == "pub01":
            raise UnreachableError(host.name, "is off")
        return "done"

    results = each_host(site.hosts, work, Pool(), parallel=3)
    assert isinstance(results["pub01"], UnreachableError)
    assert [result for name, result in results.items() if name != "pub01"] == ["done"] * (len(site.hosts) - 1)


def test_an_error_that_names_no_host_gets_the_name_of_its_host(site: Site) -> None:
    def work(host: Host) -> str:
        raise PkgciError("disk full", "make room")

    error = each_host(site.hosts[:1], work, Pool(), parallel=1)["zuul01"]
    assert isinstance(error, HostError)
    assert (error.message, error.hint) == ("zuul01: disk full", "make room")


def test_a_fault_of_our_own_is_not_hidden(site: Site) -> None:
    def work(host: Host) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        each_host(site.hosts, work, Pool(), parallel=2)


def test_no_more_hosts_are_worked_on_at_once_than_asked_for(site: Site) -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def work(host: Host) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.01)
        with lock:
            now[0] -= 1

    each_host(site.hosts, work, Pool(), parallel=2)
    assert most == [2]


def test_results_are_told_as_they_come(site: Site) -> None:
    told: list[str] = []
    each_host(site.hosts, lambda host: host.name, Pool(), parallel=3, done=lambda host, result: told.append(host.name))
    assert sorted(told) == sorted(host.name for host in site.hosts)


def test_an_interrupt_starts_no_further_host(site: Site) -> None:
    started: list[str] = []
    pool = Pool()

    def work(host: Host) -> None:
        started.append(host.name)
        os.kill(os.getpid(), signal.SIGINT)
        deadline = time.monotonic() + 5
        while not pool.interrupted and time.monotonic() < deadline:
            time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        each_host(site.hosts, work, pool, parallel=1)
    assert started == ["zuul01"]

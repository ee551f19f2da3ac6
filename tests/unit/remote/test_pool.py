"""Connections are shared, counted, and closed when nobody holds them any more."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pkgci.model.site import Site
from pkgci.remote.errors import AuthenticationError, HostError, LostConnectionError, UnreachableError
from pkgci.remote.pool import Pool
from pkgci.remote.session import Session, open_session
from pkgci.remote.trust import Trust
from tests.unit.sshd.network import Network
from tests.unit.sshd.script import End, Fault

JUMP = {"jump": "jump01", "key": "id_ed25519"}


def site_of(network: Network) -> Site:
    return network.site(timeouts={"connect": 60, "command": 60})


def session(site: Site, pool: Pool, name: str = "zuul01") -> Session:
    return open_session(site, site.host(name), Trust.of(site), pool)


def test_sessions_of_one_pool_share_a_connection_and_the_last_closes_it(network: Network) -> None:
    host = network.host("zuul01")
    host.on("id", "root")
    site, pool = site_of(network), Pool()
    first, second = session(site, pool), session(site, pool)
    first.close()
    first.close()
    assert second.run("id").stdout == "root"
    assert host.tries == 1
    second.close()
    host.wait_closed()
    with session(site, pool) as third:
        assert third.run("id").stdout == "root"
    assert host.tries == 2


def test_pools_share_nothing(network: Network) -> None:
    host = network.host("zuul01")
    site = site_of(network)
    with session(site, Pool()), session(site, Pool()):
        assert host.tries == 2


def test_hosts_behind_one_jump_host_share_the_way_there(network: Network) -> None:
    jump = network.host("jump01")
    for name in ("zuul01", "build01"):
        network.host(name, ssh=JUMP).on("id", name)
    site, pool = site_of(network), Pool()
    with session(site, pool) as first, session(site, pool, "build01") as second:
        assert (first.run("id").stdout, second.run("id").stdout) == ("zuul01", "build01")
    assert jump.tries == 1
    jump.wait_closed()


@pytest.mark.parametrize("many", [6])
def test_who_wants_a_host_at_the_same_time_waits_for_one_attempt(network: Network, many: int) -> None:
    host = network.host("zuul01")
    host.login_delay = 0.5
    site, pool = site_of(network), Pool()
    with ThreadPoolExecutor(many) as threads:
        opened = list(threads.map(lambda _: session(site, pool), range(many)))
    assert host.tries == 1
    for one in opened:
        one.close()
    host.wait_closed()


def test_who_waited_for_an_attempt_that_failed_does_not_try_again(network: Network) -> None:
    host = network.host("zuul01")
    host.users.clear()
    host.login_delay = 0.5
    site, pool = site_of(network), Pool()
    together = threading.Barrier(4, timeout=60)

    def attempt(_: int) -> HostError | None:
        together.wait()
        try:
            session(site, pool)
        except HostError as error:
            return error
        return None

    with ThreadPoolExecutor(4) as threads:
        errors = list(threads.map(attempt, range(4)))
    assert all(isinstance(error, AuthenticationError) for error in errors) and host.tries == 1
    host.users["root"] = [network.public_key]
    session(site, pool).close()


def test_a_connection_that_broke_is_replaced(network: Network) -> None:
    host = network.host("zuul01")
    host.on("cat", end=End.DROP)
    host.on("id", "root")
    site, pool = site_of(network), Pool()
    with session(site, pool) as first:
        with pytest.raises(LostConnectionError):
            first.run("cat")
        with session(site, pool) as second:
            assert second.run("id").stdout == "root"
    assert host.tries == 2


def test_cutting_tells_whoever_waits_and_lets_nobody_connect_again(network: Network) -> None:
    host = network.host("zuul01")
    host.on("sleep", end=End.HANG)
    site, pool = site_of(network), Pool()
    opened = session(site, pool)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(opened.run, "sleep")
        host.wait_for("sleep")
        pool.cut()
        with pytest.raises(LostConnectionError):
            waiting.result(60)
    assert pool.interrupted
    with pytest.raises(UnreachableError, match="interrupted"):
        session(site, pool)
    opened.close()
    host.wait_closed()
    assert host.tries == 1


def test_a_jump_host_that_is_away_is_named_with_the_host_behind_it(network: Network) -> None:
    network.host("jump01", fault=Fault.REFUSES)
    network.host("zuul01", ssh=JUMP)
    with pytest.raises(UnreachableError, match=r"zuul01: its jump host jump01: .* refuses"):
        session(site_of(network), Pool())


def test_the_way_to_a_host_may_lead_through_several(network: Network) -> None:
    network.host("jump01")
    network.host("jump02", ssh=JUMP)
    network.host("zuul01", ssh={"jump": "jump02", "key": "id_ed25519"}).on("id", "zuul01")
    with session(site_of(network), Pool()) as opened:
        assert opened.run("id").stdout == "zuul01"
    for host in network.hosts.values():
        host.wait_closed()


def test_a_jump_host_has_the_sites_time_out_too(network: Network) -> None:
    network.host("jump01", fault=Fault.BLACK_HOLE)
    network.host("zuul01", ssh=JUMP)
    site = network.site(timeouts={"connect": 1, "command": 60})
    with pytest.raises(UnreachableError, match=r"zuul01: its jump host jump01: .* within 1 s") as caught:
        session(site, Pool())
    assert "firewall" in str(caught.value.hint)


def test_a_jump_host_that_forbids_forwarding_is_told_of(network: Network) -> None:
    jump = network.host("jump01")
    jump.forwarding = False
    network.host("zuul01", ssh=JUMP)
    with pytest.raises(UnreachableError, match="zuul01: the jump host jump01 forbids forwarding") as caught:
        session(site_of(network), Pool())
    assert "AllowTcpForwarding" in str(caught.value.hint)
    jump.wait_closed()


def test_a_jump_host_that_does_not_reach_the_host_is_told_of(network: Network) -> None:
    jump = network.host("jump01")
    network.host("zuul01", ssh=JUMP)
    jump.forwards = {}
    with pytest.raises(UnreachableError, match="zuul01: the jump host jump01 cannot reach"):
        session(site_of(network), Pool())
    jump.wait_closed()


def test_a_login_that_fails_behind_a_jump_host_lets_go_of_the_way_there(network: Network) -> None:
    jump = network.host("jump01")
    network.host("zuul01", ssh=JUMP).users.clear()
    with pytest.raises(AuthenticationError, match="zuul01"):
        session(site_of(network), Pool())
    jump.wait_closed()


def test_who_logs_in_as_another_user_becomes_root_by_sudo(network: Network) -> None:
    host = network.host("zuul01", ssh={"user": "deploy", "key": "id_ed25519"})
    host.users = {"deploy": [network.public_key]}
    host.on("id", "root")
    with session(site_of(network), Pool()) as opened:
        assert opened.run("id").stdout == "root"
        assert opened.run("id", sudo=False).stdout == "root"
    assert host.logins == ["deploy"]
    assert all(heard.user == "deploy" for heard in host.heard)

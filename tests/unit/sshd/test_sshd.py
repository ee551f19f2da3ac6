"""The scripted hosts do what their scripts say, and pkgci's own code takes them for hosts."""

import pytest

from pkgci.remote.errors import AuthenticationError, LostConnectionError, UnreachableError
from pkgci.remote.session import Session, open_session
from pkgci.remote.trust import Trust
from tests.unit.sshd.network import Network
from tests.unit.sshd.script import End, Fault


def session(network: Network, name: str = "zuul01", timeout: float = 30.0) -> Session:
    site = network.site()
    return open_session(site, site.host(name), Trust.of(site), timeout=timeout)


def test_a_host_answers_by_what_is_asked_and_remembers_it(network: Network) -> None:
    host = network.host("zuul01")
    host.on("uname", "Linux\n", "a remark\n", 3)
    with session(network) as opened:
        done = opened.run("uname -s", stdin=b"read this", timeout=30)
        assert (done.stdout, done.stderr, done.status) == ("Linux\n", "a remark\n", 3)
        assert opened.run("something else", timeout=30).status == 127
        assert opened.client_address == "127.0.0.1"
    assert (host.heard[0].user, host.heard[0].stdin) == ("root", b"read this")
    host.wait_closed()


def test_a_host_that_is_behind_another_is_reached_through_it(network: Network) -> None:
    network.host("jump01")
    network.host("zuul01", ssh={"jump": "jump01", "key": "id_ed25519"}).on("id", "zuul01")
    with session(network) as opened:
        assert opened.run("id", timeout=30).stdout == "zuul01"
    assert network.hosts["jump01"].logins == ["root"]


def test_a_host_lets_in_nobody_else(network: Network) -> None:
    network.host("zuul01").users.clear()
    with pytest.raises(AuthenticationError):
        session(network)


def test_a_host_drops_the_connection_in_the_middle_of_an_answer(network: Network) -> None:
    network.host("zuul01").on("cat", "half", end=End.DROP)
    with session(network) as opened, pytest.raises(LostConnectionError):
        opened.run("cat", timeout=30)


@pytest.mark.parametrize("fault", [Fault.BLACK_HOLE, Fault.REFUSES, Fault.MUTE])
def test_a_host_that_cannot_be_reached_is_not(network: Network, fault: Fault) -> None:
    network.host("zuul01", fault=fault)
    with pytest.raises(UnreachableError):
        session(network, timeout=1.0)


def test_a_command_runs_against_the_hosts_in_this_process_and_in_one_of_its_own(network: Network) -> None:
    network.host("zuul01").on("", end=End.EXIT)
    assert network.pkgci("verify-servers").exit_code == 1
    heard = len(network.hosts["zuul01"].heard)
    assert heard
    process = network.process("verify-servers")
    assert process.wait(120) == 1 and len(network.hosts["zuul01"].heard) > heard

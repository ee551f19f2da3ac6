"""No host keeps pkgci waiting longer than the site allows, however it is broken; and it is named."""

from __future__ import annotations

import time
from collections.abc import Callable

import paramiko  # type: ignore[import-untyped]
import pytest

from pkgci.remote.errors import CommandTimeoutError, HostError, LostConnectionError, UnreachableError
from pkgci.remote.session import Session, open_session
from pkgci.remote.trust import Trust
from tests.unit.sshd.network import Network
from tests.unit.sshd.script import End, Fault

# Much less than any fixed time-out in the code, much more than a busy machine needs.
SOON = 40.0
TimeOuts = dict[str, int]


@pytest.fixture
def session(network: Network) -> Callable[..., Session]:
    """Opens a session with zuul01; its time-outs are ``connect`` and ``command``."""

    def opened(connect: int = 30, command: int = 30) -> Session:
        site = network.site(timeouts={"connect": connect, "command": command})
        return open_session(site, site.host("zuul01"), Trust.of(site))

    return opened


class Soon:
    """What happens within it must not take long."""

    def __enter__(self) -> None:
        self._begun = time.monotonic()

    def __exit__(self, *_: object) -> None:
        assert time.monotonic() - self._begun < SOON


@pytest.mark.parametrize("fault", [Fault.NO_EXEC_ANSWER, Fault.FROZEN], ids=str)
def test_a_host_that_lets_in_and_starts_nothing_ends_a_command_in_time(
    network: Network, session: Callable[..., Session], fault: Fault
) -> None:
    network.host("zuul01", fault=fault)
    with Soon(), session(command=1) as opened:
        with pytest.raises(CommandTimeoutError, match=r"^zuul01: .* 1 s"):
            opened.run("id", timeout=600)
        with pytest.raises(CommandTimeoutError, match="zuul01"):
            list(opened.stream("id", idle_timeout=600))


def test_a_command_that_does_not_end_is_given_up(network: Network, session: Callable[..., Session]) -> None:
    network.host("zuul01").on("sleep", "half an answer", end=End.HANG)
    with Soon(), session(command=1) as opened, pytest.raises(CommandTimeoutError, match="zuul01"):
        opened.run("sleep")


def test_a_callers_own_time_out_comes_before_the_sites(network: Network, session: Callable[..., Session]) -> None:
    network.host("zuul01").on("sleep", end=End.HANG)
    with Soon(), session(command=600) as opened, pytest.raises(CommandTimeoutError):
        opened.run("sleep", timeout=0.5)


def test_a_command_that_is_known_to_take_longer_gets_longer(network: Network, session: Callable[..., Session]) -> None:
    network.host("zuul01").on("index", (2.5, "done"))
    with session(command=1) as opened:
        assert opened.run("index", at_least=60).stdout == "done"


def test_the_site_may_allow_more_than_a_command_is_known_to_take(
    network: Network, session: Callable[..., Session]
) -> None:
    network.host("zuul01").on("index", (2.5, "done"))
    with session(command=60) as opened:
        assert opened.run("index", at_least=0.1).stdout == "done"


def test_a_host_that_talks_for_ever_is_given_up(network: Network, session: Callable[..., Session]) -> None:
    network.host("zuul01").on("yes", tuple(part for _ in range(2000) for part in ("y\n" * 100, 0.02)))
    with Soon(), session() as opened, pytest.raises(CommandTimeoutError):
        opened.run("yes", timeout=1)


def test_a_command_that_closes_its_output_and_goes_on_is_given_up(
    network: Network, session: Callable[..., Session]
) -> None:
    network.host("zuul01").on("daemon", end=End.CLOSED_OUTPUT)
    with Soon(), session(command=1) as opened, pytest.raises((CommandTimeoutError, LostConnectionError)):
        opened.run("daemon")


def test_a_stream_may_take_for_ever_as_long_as_it_says_something(
    network: Network, session: Callable[..., Session]
) -> None:
    host = network.host("zuul01")
    host.on("tail", ("one\n", 0.7, "two\n", 0.7, "three\n", 0.7, "fo", 0.7, "ur"))
    with session() as opened:
        assert list(opened.stream("tail", idle_timeout=2.0)) == ["one", "two", "three", "four"]
    host.on("tail", "one\n", end=End.HANG)
    with Soon(), session() as opened, pytest.raises(CommandTimeoutError):
        list(opened.stream("tail", idle_timeout=1.0))


def test_what_a_host_never_reads_holds_up_nobody(network: Network, session: Callable[..., Session]) -> None:
    host = network.host("zuul01")
    host.narrow()
    host.on("cat", "read")
    with session(command=2) as opened:
        assert opened.run("cat", stdin=b"x" * 200_000, timeout=60).stdout == "read"
        host.fault = Fault.STOPS_READING
        with Soon(), pytest.raises(HostError, match="zuul01"):
            opened.run("cat", stdin=b"x" * 50_000_000)


@pytest.mark.parametrize("fault", [Fault.BLACK_HOLE, Fault.MUTE], ids=str)
def test_a_host_that_does_not_answer_is_tried_once_and_named(
    network: Network, session: Callable[..., Session], fault: Fault
) -> None:
    host = network.host("zuul01", fault=fault)
    with Soon(), pytest.raises(UnreachableError, match=f"zuul01: {host.address} port 22") as caught:
        session(connect=1)
    assert network.tried[host.address] == 1
    assert caught.value.hint


def test_a_host_that_refuses_is_tried_once(network: Network, session: Callable[..., Session]) -> None:
    host = network.host("zuul01", fault=Fault.REFUSES)
    with pytest.raises(UnreachableError, match="refuses"):
        session()
    assert network.tried[host.address] == 1


def test_a_host_that_drops_connections_is_tried_again_for_a_moment(
    network: Network, session: Callable[..., Session]
) -> None:
    host = network.host("zuul01", fault=Fault.HANGS_UP)
    with pytest.raises(UnreachableError, match="no SSH server"):
        session()
    assert network.tried[host.address] == 3
    host.on("id", "root")
    host.drops = 1
    host.fault = Fault.NONE
    with session() as opened:
        assert opened.run("id").stdout == "root"
    assert network.tried[host.address] == 5


def test_a_login_that_takes_too_long_is_given_up(network: Network, session: Callable[..., Session]) -> None:
    network.host("zuul01").login_delay = 600
    with Soon(), pytest.raises(HostError, match="zuul01"):
        session(connect=1)


def test_a_login_that_takes_a_moment_is_waited_for(network: Network, session: Callable[..., Session]) -> None:
    host = network.host("zuul01")
    host.login_delay, host.banner = 1.0, "Authorized use only.\n"
    host.on("id", "root")
    with session() as opened:
        assert opened.run("id").stdout == "root"


def test_a_connection_that_breaks_is_lost_and_not_late(network: Network, session: Callable[..., Session]) -> None:
    network.host("zuul01").on("cat", "half", end=End.DROP)
    with session() as opened:
        with pytest.raises(LostConnectionError, match="zuul01"):
            opened.run("cat", timeout=600)
        with pytest.raises(LostConnectionError, match="zuul01"):
            opened.run("cat", timeout=600)


def test_a_host_that_refuses_to_start_commands_is_told_as_that(
    network: Network, session: Callable[..., Session]
) -> None:
    network.host("zuul01", fault=Fault.REFUSES_EXEC)
    with session() as opened, pytest.raises(HostError, match="zuul01: sshd does not start a command"):
        opened.run("id")


def test_a_host_that_opens_no_session_says_so_in_its_own_words(
    network: Network, session: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise paramiko.ChannelException(2, "Connect failed")

    network.host("zuul01")
    with session() as opened:
        # As sshd with `MaxSessions 0`.
        monkeypatch.setattr(paramiko.Transport, "open_session", refuse)
        with pytest.raises(HostError, match=r"does not start a command: Connect failed$"):
            opened.run("id")


def test_the_connection_outlives_a_command_that_is_given_up(network: Network, session: Callable[..., Session]) -> None:
    host = network.host("zuul01")
    host.on("sleep", end=End.HANG)
    host.on("id", "root")
    with session() as opened:
        with pytest.raises(CommandTimeoutError):
            opened.run("sleep", timeout=0.5, stdin=b"something")
        assert opened.run("id").stdout == "root"
    assert len(host.logins) == 1

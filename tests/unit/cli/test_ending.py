"""Who asks a command to end is obeyed: at once, in words, with the status that a shell expects, nothing left open."""

from __future__ import annotations

import signal
import time

import pytest

from tests.unit.sshd.network import Network
from tests.unit.sshd.script import End, Fault

SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]
# What reaches hosts, and which question of it the host never answers.
COMMANDS = [
    ("verify-servers",),
    ("bootstrap",),
    ("bootstrap", "--noop"),
    ("status",),
    ("verify-connectivity",),
    ("publish", "list"),
    ("deploy-pipelines", "--plan"),
    ("verify-review",),
    ("render-hiera", "--diff"),
    ("deploy", "--yes"),
]
# Every time-out is far longer than this: a command that waits for one is seen. A busy machine is no failure.
LONG = {"connect": 600, "command": 600}
AT_ONCE = 60.0


def ended(network: Network, number: signal.Signals, *arguments: str) -> tuple[int, str]:
    """Status and standard error of a command that gets the signal once its question has arrived."""
    process = network.process(*arguments)
    for host in network.hosts.values():
        if host.fault is Fault.NONE:
            # A deploy asks for its plan first; its first step asks for the time.
            host.wait_for(r"date \+%s" if "deploy" in arguments else "")
        elif host.fault is not Fault.BLACK_HOLE:
            host.wait_tried()
    if any(host.fault is Fault.BLACK_HOLE for host in network.hosts.values()):
        time.sleep(3)
    process.send_signal(number)
    _, error = process.communicate(timeout=AT_ONCE)
    return process.returncode, error


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_that_waits_for_a_host_ends_at_once(network: Network, command: tuple[str, ...]) -> None:
    host = network.host("zuul01")
    host.on("", end=End.HANG)
    network.write(timeouts=LONG)
    network.make_secrets()
    status, error = ended(network, signal.SIGTERM, *command)
    assert status == 128 + signal.SIGTERM, error
    assert "SIGTERM" in error and "Traceback" not in error
    host.wait_closed()


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", [("bootstrap",), ("status",), ("publish", "list")], ids=" ".join)
def test_each_signal_has_its_own_status(network: Network, command: tuple[str, ...], number: signal.Signals) -> None:
    network.host("zuul01").on("", end=End.HANG)
    network.write(timeouts=LONG)
    network.make_secrets()
    status, error = ended(network, number, *command)
    assert status == 128 + number and "Traceback" not in error


@pytest.mark.parametrize("fault", [Fault.BLACK_HOLE, Fault.MUTE, Fault.FROZEN, Fault.NO_EXEC_ANSWER], ids=str)
@pytest.mark.parametrize("command", [("bootstrap",), ("verify-servers",), ("publish", "list")], ids=" ".join)
def test_a_command_that_waits_for_a_connection_ends_at_once(
    network: Network, command: tuple[str, ...], fault: Fault
) -> None:
    network.host("zuul01", fault=fault)
    network.write(timeouts=LONG)
    network.make_secrets()
    status, error = ended(network, signal.SIGTERM, *command)
    assert status == 128 + signal.SIGTERM and "Traceback" not in error

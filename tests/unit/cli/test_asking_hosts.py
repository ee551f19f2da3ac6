"""Who is at a terminal is asked about a host's new key, and what the answer means."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.unit.sshd.host import ScriptedHost
from tests.unit.sshd.network import Network

PATIENCE = 60.0


class Terminal:
    """A terminal that a command runs on: what it shows, and what is typed."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        self.shown = ""

    def until(self, words: str) -> None:
        """Reads until ``words`` are shown."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.shown:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self._ours], [], [], left)[0], f"not shown: {words}; but {self.shown}"
            self.shown += os.read(self._ours, 4096).decode(errors="replace")

    def type(self, words: str) -> None:
        os.write(self._ours, words.encode())

    def close(self) -> None:
        os.close(self._ours)
        os.close(self.theirs)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def asked(network: Network, terminal: Terminal) -> tuple[ScriptedHost, subprocess.Popen[str]]:
    """A host whose key nobody knows, and a command that has asked about it."""
    host = network.host("zuul01", known=False)
    process = network.process("verify-servers", terminal=terminal.theirs)
    terminal.until(host.host_key.get_fingerprint())
    return host, process


@pytest.mark.parametrize("answers", [("y\n",), ("yes\n",), ("perhaps\n", "y\n")])
def test_a_key_that_is_agreed_to_is_recorded(network: Network, terminal: Terminal, answers: tuple[str, ...]) -> None:
    host, process = asked(network, terminal)
    for answer in answers:
        terminal.type(answer)
        time.sleep(0.5)
    assert process.wait(PATIENCE) == 1, "the host answers nothing that verify-servers asks"
    assert "zuul01 ssh-ed25519" in network.known_hosts.read_text() and host.logins


@pytest.mark.parametrize("answer", ["n\n", "no\n", "\x04"])
def test_a_key_that_is_refused_is_not(network: Network, terminal: Terminal, answer: str) -> None:
    host, process = asked(network, terminal)
    terminal.type(answer)
    assert process.wait(PATIENCE) == 3
    assert not network.known_hosts.exists() and not host.logins


def test_a_question_is_no_reason_to_stay(network: Network, terminal: Terminal) -> None:
    host, process = asked(network, terminal)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert not network.known_hosts.exists() and not host.logins


def test_nobody_at_a_terminal_is_nobody_to_ask(network: Network) -> None:
    host = network.host("zuul01", known=False)
    assert network.pkgci("verify-servers").exit_code == 3
    assert not host.logins
    network.pkgci("verify-servers", "--accept-new-host-keys")
    assert host.logins and network.known_hosts.exists()

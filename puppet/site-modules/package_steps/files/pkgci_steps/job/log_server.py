"""The log server: how it is reached and known, and what lets a job add to its own build's folder there."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..programs import plain_environment
from ..status import Ended, Status

SETTINGS = Path("/etc/pkgci/job.json")
REFUSED = 2  # the log server's exit status for what it will not do, however often it is asked


@dataclass(frozen=True)
class LogServer:
    """Where logs go, over SSH, and how that host is known."""

    host: str
    port: int
    user: str
    key: str
    known_hosts: str

    def command(self, action: str, path: str) -> list[str]:
        """The command that asks it for ``action`` (logs: pkgci_logs/receive.py)."""
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "15",
            "GlobalKnownHostsFile": "/dev/null",
            "HostKeyAlias": "log-server",
            "IdentitiesOnly": "yes",
            "ServerAliveInterval": "15",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": self.known_hosts,
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return [
            *("ssh", "-F", "none", "-p", str(self.port), "-i", self.key, *words),
            *(f"{self.user}@{self.host}", action, path),
        ]


@dataclass(frozen=True)
class Access:
    """The build's folder there, and the two words that open it (logs: pkgci_logs/claim.py).

    ``token`` is Zuul's. ``secret`` is the job's own: whoever knows it may go on with what the job began, so it is
    nowhere but in this process. Neither is ever an argument of a program.
    """

    path: str
    token: str = field(repr=False)
    secret: str = field(repr=False, default_factory=lambda: secrets.token_hex(16))

    @property
    def head(self) -> bytes:
        """How every conversation begins."""
        return f"{self.token}\n{self.secret}\n".encode()


def read_log_server(path: Path) -> LogServer:
    """The log server of the settings file. Raises ``Ended`` (infrastructure)."""
    try:
        return LogServer(**json.loads(path.read_text())["log_server"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Ended(Status.INFRASTRUCTURE, f"{path}: {error}") from None


def connected(command: list[str], home: Path) -> subprocess.Popen[bytes]:
    """A connection, as a process group of its own. Raises ``Ended`` (infrastructure) where it does not start."""
    try:
        return subprocess.Popen(
            command,
            env=plain_environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise Ended(Status.INFRASTRUCTURE, f"{command[0]} does not start: {error.strerror}") from None


def ended(process: subprocess.Popen[bytes]) -> str:
    """Ends a connection, which gets a moment to end by itself; what it complained of at last."""
    try:
        _, said = process.communicate(timeout=5)
    except (subprocess.TimeoutExpired, ValueError, OSError):
        said = b""
    end(process)
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else ""


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends it by force, with whatever it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()

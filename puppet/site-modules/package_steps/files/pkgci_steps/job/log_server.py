"""The log server: how it is reached and known, and what is handed to it when a job is over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..log import Log
from ..programs import Programs, Stop
from ..status import Ended, Status
from .attempts import attempts

SETTINGS = Path("/etc/pkgci/job.json")
UPLOAD_SECONDS = 300


@dataclass(frozen=True)
class LogServer:
    """Where logs go, over SSH, and how that host is known."""

    host: str
    port: int
    user: str
    key: str
    known_hosts: str

    @property
    def words(self) -> list[str]:
        """The beginning of the command by which it is reached."""
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
        return ["ssh", "-F", "none", "-p", str(self.port), "-i", self.key, *words]

    def append(self, path: str) -> list[str]:
        """The command that takes a growing log in (logs: pkgci_logs/append.py)."""
        return [*self.words, f"{self.user}@{self.host}", "append", path]

    def target(self, path: str) -> str:
        """A folder there, for rsync."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@{host}:{path}/"


def read_log_server(path: Path) -> LogServer:
    """The log server of the settings file. Raises ``Ended`` (infrastructure)."""
    try:
        return LogServer(**json.loads(path.read_text())["log_server"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Ended(Status.INFRASTRUCTURE, f"{path}: {error}") from None


def upload(folder: Path, path: str, server: LogServer, programs: Programs, log: Log) -> None:
    """Adds what is in ``folder`` to ``path`` on the log server. Raises ``Ended`` (infrastructure)."""
    command = [
        "rsync",
        "--recursive",
        "--times",
        "--omit-dir-times",
        # One text, which rsync splits at the blanks.
        f"--rsh={' '.join(server.words)}",
        f"{folder}/",
        server.target(path),
    ]
    attempts(lambda: programs.run(command, seconds=UPLOAD_SECONDS), "keep the results", log, Stop())

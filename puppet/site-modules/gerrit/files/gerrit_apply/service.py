"""Gerrit's unit, what runs as its account, and whether it answers."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

from gerrit_apply.wanted import UNIT, Settings

# Until it answers over HTTP; it listens for SSH a moment before or after.
WAIT_SECONDS = 840
SSH_SECONDS = 30
PAUSE = 1.0


# Of what a program of the WAR says, so many last lines can tell why it failed.
LINES_KEPT = 200


class Ended(NamedTuple):
    """How a program of the WAR ended: whether well, and what it said."""

    well: bool
    said: str


class Service:
    """Gerrit's unit, and what runs as its account."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def active(self) -> bool:
        return subprocess.run(["systemctl", "is-active", "--quiet", UNIT], check=False).returncode == 0

    def stop(self) -> None:
        subprocess.run(["systemctl", "daemon-reload"], check=True)
        subprocess.run(["systemctl", "stop", UNIT], check=False)

    def start(self) -> bool:
        """Starts it; whether it answers."""
        subprocess.run(["systemctl", "daemon-reload"], check=True)
        subprocess.run(["systemctl", "reset-failed", UNIT], check=False, stderr=subprocess.DEVNULL)
        return subprocess.run(["systemctl", "start", UNIT], check=False).returncode == 0 and self.active()

    def run(self, *words: str) -> Ended:
        """Runs a program of the WAR as Gerrit's account, and passes on what it says."""
        command = [self.settings.java, f"-Xmx{self.settings.heap}m", "-Djava.awt.headless=true"]
        command += [f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in ("net", "lang.invoke")]
        command += ["-jar", str(self.settings.current), *words, "-d", str(self.settings.site)]
        said: list[str] = []
        with subprocess.Popen(
            command,
            **account_of(self.settings.user),
            umask=0o027,
            cwd=self.settings.site,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as program:
            try:
                for line in program.stdout or ():
                    print(line, end="", flush=True)
                    said.append(line)
            except BaseException:
                # Nothing goes on to change what is about to be put back.
                program.kill()
                raise
        return Ended(program.returncode == 0, "".join(said[-LINES_KEPT:]))


def account_of(user: str) -> dict[str, Any]:
    """What makes a process that of ``user``, and of nobody else."""
    account = pwd.getpwnam(user)
    return {
        "user": account.pw_uid,
        "group": account.pw_gid,
        "extra_groups": [],
        "env": {"HOME": account.pw_dir, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    }


def over_http(settings: Settings) -> bool:
    """Whether Gerrit answers over HTTP."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{settings.port}/config/server/version", timeout=10):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def over_ssh(settings: Settings) -> bool:
    """Whether Gerrit answers over SSH."""
    try:
        with socket.create_connection(("127.0.0.1", settings.ssh), timeout=10) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def wait(settings: Settings) -> int:
    """Waits until Gerrit answers, while its process (``MAINPID``, from systemd) lives.

    Where it cannot listen for SSH, it goes on without, and says so in its log only: that is not waited for.
    """
    process = int(os.environ.get("MAINPID", "0"))
    deadline = time.monotonic() + WAIT_SECONDS
    answers: float | None = None
    while time.monotonic() < deadline:
        if answers is None and over_http(settings):
            answers = time.monotonic()
        if answers is not None and over_ssh(settings):
            return 0
        if answers is not None and time.monotonic() - answers > SSH_SECONDS:
            print(f"Gerrit answers over HTTP, but not over SSH at port {settings.ssh}", file=sys.stderr)
            return 1
        if process and not Path(f"/proc/{process}").exists():
            print("Gerrit has ended while it started", file=sys.stderr)
            return 1
        time.sleep(PAUSE)
    print(f"Gerrit does not answer within {WAIT_SECONDS} s", file=sys.stderr)
    return 1

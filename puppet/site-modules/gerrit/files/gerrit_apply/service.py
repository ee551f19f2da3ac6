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

from gerrit_apply.wanted import UNIT, Settings

WAIT_SECONDS = 840


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

    def run(self, *words: str) -> bool:
        """Runs a program of the WAR as Gerrit's account; whether it ended well."""
        account = pwd.getpwnam(self.settings.user)
        command = [self.settings.java, f"-Xmx{self.settings.heap}m", "-Djava.awt.headless=true"]
        command += [f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in ("net", "lang.invoke")]
        command += ["-jar", str(self.settings.current), *words, "-d", str(self.settings.site)]
        done = subprocess.run(
            command,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            umask=0o027,
            env={"HOME": account.pw_dir, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            cwd=self.settings.site,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return done.returncode == 0


def answers(settings: Settings) -> bool:
    """Whether Gerrit answers over HTTP and over SSH."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{settings.port}/config/server/version", timeout=10):
            pass
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            return False
    except OSError:
        return False
    try:
        with socket.create_connection(("127.0.0.1", settings.ssh), timeout=10) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def wait(settings: Settings) -> int:
    """Waits until Gerrit answers, while its process (``MAINPID``, from systemd) lives."""
    process = int(os.environ.get("MAINPID", "0"))
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if answers(settings):
            return 0
        if process and not Path(f"/proc/{process}").exists():
            print("Gerrit has ended while it started", file=sys.stderr)
            return 1
        time.sleep(1)
    print(f"Gerrit does not answer within {WAIT_SECONDS} s", file=sys.stderr)
    return 1

"""Waiting until a host has booted and answers SSH, and reading its host keys, both without SSH."""

from __future__ import annotations

import socket
import time
from typing import Any

from docker.errors import APIError, NotFound

from pkgci.errors import PkgciError
from pkgci.lab.engine import refusals
from pkgci.model.site import Host

# Eight hosts on two busy cores take some 15 s; a laptop under load several times that.
BOOT_SECONDS = 180.0
SSH_SECONDS = 60.0
# A busy engine refuses a command now and then.
KEY_SECONDS = 15.0

_PAUSE = 0.5


def wait_for_systemd(container: Any, name: str, timeout: float = BOOT_SECONDS) -> tuple[str, ...]:
    """Waits until the host has booted; returns the units that have failed. Raises ``PkgciError`` where it does not."""
    deadline = time.monotonic() + timeout
    state = ""
    while time.monotonic() < deadline:
        # Without a limit of its own the wait would outlast ours: a host that cannot finish its boot never answers.
        _, output = _run(container, "timeout 10 systemctl is-system-running --wait")
        state = output.strip()
        if state == "running":
            return ()
        if state in ("degraded", "maintenance"):
            _, failed = _run(container, "systemctl --failed --plain --no-legend | cut -d' ' -f1")
            return tuple(failed.split())
        with refusals(f"look at the host '{name}'"):
            container.reload()
        if container.status not in ("running", "restarting"):
            raise PkgciError(f"host '{name}' ended while it booted", f"`docker logs {container.name}` may tell why")
        time.sleep(_PAUSE)
    raise PkgciError(f"host '{name}' has not booted within {timeout:.0f} s (systemd says: {state or 'nothing'})")


def wait_for_ssh(host: Host, timeout: float = SSH_SECONDS) -> None:
    """Waits until sshd answers at the host's address and port, as pkgci will reach it. Raises ``PkgciError``."""
    deadline = time.monotonic() + timeout
    problem = ""
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((host.address, host.ssh.port), timeout=5) as connection:
                if connection.recv(4) == b"SSH-":
                    return
                problem = "what answers is no SSH server"
        except OSError as error:
            problem = error.strerror or str(error)
        time.sleep(_PAUSE)
    raise PkgciError(
        f"host '{host.name}' runs, but {host.address} port {host.ssh.port} does not answer SSH: {problem}",
        "the lab needs an engine on this machine itself: containers of a remote or virtual one are not reached",
    )


def host_keys(container: Any, timeout: float = KEY_SECONDS) -> list[str]:
    """The host's public SSH keys ('type key'), read through the engine: nothing on the network is believed.

    Raises ``PkgciError`` where there is none.
    """
    deadline = time.monotonic() + timeout
    while True:
        status, output = _run(container, "cat /etc/ssh/ssh_host_*_key.pub")
        keys = [" ".join(line.split()[:2]) for line in output.splitlines() if len(line.split()) >= 2]
        if status == 0 and keys:
            return keys
        if time.monotonic() > deadline:
            raise PkgciError(f"host '{container.name}' has no SSH host key")
        time.sleep(_PAUSE)


def _run(container: Any, command: str) -> tuple[int, str]:
    """Exit status and output of a shell command in ``container``; (1, '') where it cannot run yet or any more."""
    try:
        result = container.exec_run(["/bin/sh", "-c", f"{command} 2>/dev/null"])
    except (APIError, NotFound):
        return 1, ""
    return int(result.exit_code or 0), result.output.decode(errors="replace")

"""A system container that an ordinary account boots: systemd in namespaces of its own.

Its ids are the account's subordinate ones, its network is a loopback interface alone, its control groups are a part of
the step's. Nothing here needs root, or a setuid program but newuidmap.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..layers import System
from ..status import Ended, Status
from ..step import Step
from .door import ENVIRONMENT

_LIBRARY = Path(__file__).parents[2]
_DOOR = Path(__file__).with_name("door.py")
_SECONDS = 15.0


class Container:
    """A running container. ``process`` is the parent of its PID 1, which is ``leader``."""

    kind = "container"

    def __init__(self, process: subprocess.Popen[bytes], leader: int) -> None:
        self._process = process
        self.leader = leader

    def around(self) -> list[str]:
        """Into its user namespace alone: whoever works there reads no file of this account, and rules the container."""
        return ["nsenter", "--target", str(self.leader), "--user", "--setuid", "0", "--setgid", "0"]

    def into(self) -> list[str]:
        """Into everything else of it."""
        return ["/usr/bin/python3", "-I", str(_DOOR), str(self.leader)]

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None


@contextmanager
def booted(step: Step, root: System) -> Iterator[Container]:
    """The system ``root``, booting. It has ended, with everything in it, afterwards.

    Raises ``Ended`` (infrastructure) where it cannot be started.
    """
    process = step.programs.popen(
        command(root),
        cwd="/",
        env={"PATH": ENVIRONMENT["PATH"], "PYTHONPATH": str(_LIBRARY)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    leader = 0
    try:
        leader = _leader(process)
        yield Container(process, leader)
    finally:
        process.kill()
        process.wait()
        _wait_for_end_of(leader)
        if process.stdout:
            process.stdout.close()


def command(root: System) -> list[str]:
    """What starts the container: it ends with us, and is in the step's control group, whose limits it has."""
    start = ("/usr/bin/python3", "-m", "pkgci_steps.systest.scope", str(root.folder), *root.inside)
    return ["setpriv", "--pdeathsig", "KILL", *start]


def _leader(process: subprocess.Popen[bytes]) -> int:
    """The container's PID 1, as the host numbers it."""
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            said = process.stdout.read().decode(errors="replace").strip() if process.stdout else ""
            raise Ended(Status.INFRASTRUCTURE, f"the container does not start: {said[-300:] or 'no word'}")
        for child in _children(process.pid):
            if _becomes_system(child):
                return child
        time.sleep(0.05)
    raise Ended(Status.INFRASTRUCTURE, f"the container does not start in {_SECONDS:g} s")


def _children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def _becomes_system(pid: int) -> bool:
    """Whether it is the new PID namespace's first process, and has become systemd."""
    try:
        return "/lib/systemd/systemd" in (Path("/proc") / str(pid) / "cmdline").read_text().split("\0")[0]
    except OSError:
        return False


def _wait_for_end_of(pid: int) -> None:
    end = time.monotonic() + _SECONDS
    while pid and Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.02)

"""A system that runs: how a command gets into it."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from typing import Protocol

from ..status import Ended, Status
from ..step import Step

# For one command that only looks at the system, or starts something in it, on the slowest machine.
SECONDS = 300.0
# For a boot: a virtual machine without KVM, on a busy slave.
BOOT_SECONDS = 600.0


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said on both outputs."""

    status: int
    text: str


class Machine(Protocol):
    """A running system. ``kind`` is what autopkgtest calls its isolation: container or machine."""

    kind: str

    def around(self) -> list[str]:
        """The words before those of a program that works with the system, to run it as nobody on the slave."""

    def into(self) -> list[str]:
        """The words before those of a command, for a program run with ``around``, to run it as root in the system."""

    def alive(self) -> bool:
        """Whether the system still runs."""


class System:
    """What one can do with a running ``machine``."""

    def __init__(self, step: Step, machine: Machine) -> None:
        self.step = step
        self.machine = machine

    def words(self, *command: str) -> list[str]:
        """The command that runs ``command`` as root in the system."""
        return [*self.machine.around(), *self.machine.into(), *command]

    def run(self, *command: str, seconds: float = SECONDS) -> Said:
        """Runs ``command`` in there. Raises ``Ended`` where it takes too long: the package is at fault."""
        joined = ["sh", "-c", 'exec 2>&1; exec "$@"', "sh", *command]
        try:
            status, output = self.step.programs.output(self.words(*joined), seconds=seconds)
        except Ended as ended:
            if "took longer" in ended.reason:
                raise Ended(Status.FAILED, f"{shlex.join(command)[:200]} took longer than {seconds:g} s") from None
            raise
        return Said(status, output.decode(errors="replace"))

    def wait(self, seconds: float = BOOT_SECONDS) -> str:
        """Waits until the system has booted; returns systemd's word for how it went: running, degraded…

        Raises ``Ended`` (infrastructure): it ended, or nothing answers.
        """
        end = time.monotonic() + seconds
        word = "unreachable"
        while time.monotonic() < end:
            if not self.machine.alive():
                raise Ended(Status.INFRASTRUCTURE, "the system ended while it booted")
            # Until it is up, whoever asks complains that it is not.
            quiet = ["sh", "-c", 'exec "$@" 2>/dev/null', "sh", *self.words("systemctl", "is-system-running")]
            _, output = self.step.programs.output(quiet, seconds=SECONDS)
            word = output.decode(errors="replace").strip() or word
            if word in ("running", "degraded", "maintenance", "stopping"):
                return word
            time.sleep(0.3)
        if word == "unreachable":
            raise Ended(Status.INFRASTRUCTURE, f"the system was not reached in {seconds:g} s")
        return word

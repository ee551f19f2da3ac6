"""What a build or a test may take: time, memory and disk. One that takes more is ended, for its package is at fault."""

from __future__ import annotations

import math
import os
import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from .namespaces import INSIDE
from .processes import PROC, descendants
from .settings import Limits
from .status import Ended, Status
from .step import Step

# Processes and threads of one build or test: far more than `make -j` of any machine, and no fork bomb.
PROCESSES = 4000
# How often to look, in seconds.
_EVERY = 0.25
# The disk is measured when so much of it went since the last time (a part of the limit), and again after so many
# seconds, or so many times as long as measuring took.
_PART, _PAUSE, _SHARE = 0.1, 5.0, 20.0
# What others need of the disk, in bytes: it ends when less is left, whoever took it.
_RESERVE = 500_000_000


class Watch:
    """Called while ``what`` (for people: the build) runs in ``folder``: raises ``Ended`` as soon as a limit is passed.

    It is at fault (failed) but where the disk is full and others took most of it (infrastructure). ``minutes`` is how
    long it may take in all; None where that is somebody else's affair.
    """

    def __init__(self, step: Step, folder: Path, what: str, minutes: float | None = None) -> None:
        self._step = step
        self._limits: Limits = step.settings.limits
        self._folder = folder
        self._what = what
        self._minutes = minutes
        self._deadline = math.inf if minutes is None else time.monotonic() + minutes * 60
        self._next = 0.0
        self._measure = 0.0
        self._free = 0

    def __call__(self) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        # Measuring runs programs, too, during which this is called.
        self._next = math.inf
        try:
            if now > self._deadline:
                raise self._passed(f"took longer than {self._minutes} minutes")
            self._look_at_memory()
            self._look_at_disk(now)
        finally:
            self._next = now + _EVERY

    def _passed(self, words: str) -> Ended:
        return Ended(Status.FAILED, f"the {self._what} {words} (site file: builds)")

    def _look_at_memory(self) -> None:
        pids = descendants()
        used = memory(pids)
        if used > self._limits.memory_mb * 1_000_000:
            raise self._passed(f"took {used / 1e6:.0f} MB of memory, more than {self._limits.memory_mb}")
        if len(pids) > PROCESSES:
            raise Ended(Status.FAILED, f"the {self._what} ran {len(pids)} processes, more than {PROCESSES}")

    def _look_at_disk(self, now: float) -> None:
        limit = self._limits.disk_mb * 1_000_000
        state = os.statvfs(self._folder)
        free = state.f_bavail * state.f_frsize
        if now < self._measure and free > self._free - _PART * limit:
            return
        used = disk(self._step, self._folder)
        took = time.monotonic() - now
        self._measure, self._free = now + took + max(_PAUSE, _SHARE * took), free
        if used > limit:
            raise self._passed(f"took {used / 1e6:.0f} MB of disk, more than {self._limits.disk_mb}")
        if free < _RESERVE:
            raise Ended(
                Status.INFRASTRUCTURE, f"the disk of {self._folder} is full, and not by this {self._what} alone"
            )


def limited(step: Step, folder: Path, what: str, minutes: float | None = None) -> AbstractContextManager[None]:
    """Whatever runs meanwhile in ``folder`` keeps to the limits, as ``Watch`` has it."""
    return step.programs.watched(Watch(step, folder, what, minutes))


def disk(step: Step, folder: Path) -> int:
    """Bytes of disk that ``folder`` takes, with what belongs to identities of namespaces in it."""
    total = 0
    for inside in ((), INSIDE):
        command = [*inside, "sh", "-c", 'du -sxB1 "$1" 2>/dev/null; true', "sh", folder]
        _, output = step.programs.output(command, folder=Path("/"))
        with suppress(ValueError, IndexError):
            total = max(total, int(output.split()[0]))
    return total


def memory(pids: set[int]) -> int:
    """Bytes of memory that nobody else can use: the processes' own pages, and what lies in their /dev/shm."""
    total = 0
    shared: dict[int, int] = {}
    for pid in pids:
        with suppress(OSError):
            for line in (PROC / str(pid) / "status").read_text().splitlines():
                if line.startswith(("RssAnon:", "RssShmem:")):
                    total += int(line.split()[1]) * 1024
        with suppress(OSError):
            shared |= _in_memory(PROC / str(pid) / "root/dev")
    return total + sum(size for device, size in shared.items() if device not in _in_memory(Path("/dev")))


def _in_memory(dev: Path) -> dict[int, int]:
    """The device of shm in ``dev``, and the bytes in it: nothing where it is a folder like others, on a disk."""
    place = dev / "shm"
    if not place.is_dir() or place.stat().st_dev == dev.stat().st_dev:
        return {}
    state = os.statvfs(place)
    return {place.stat().st_dev: (state.f_blocks - state.f_bfree) * state.f_frsize}

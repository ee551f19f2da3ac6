"""What a build or a test may take: time, memory and disk. One that takes more is ended, for its package is at fault."""

from __future__ import annotations

import ctypes
import math
import os
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from .namespaces import INSIDE
from .settings import Limits
from .status import Ended, Status
from .step import Step

PROC = Path("/proc")
# Processes and threads of one build or test: far more than `make -j` of any machine, and no fork bomb.
PROCESSES = 4000
# How often to look, in seconds.
_EVERY = 0.25
# The disk is measured when so much of it went since the last time (a part of the limit), and again after so many
# seconds, or so many times as long as measuring took.
_PART, _PAUSE, _SHARE = 0.1, 5.0, 20.0
# What others need of the disk, in bytes: it ends when less is left, whoever took it.
_RESERVE = 500_000_000
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, linux/prctl.h


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


def descendants() -> set[int]:
    """Every process that this one started, or that was started by those."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                # The name, in parentheses, may hold anything (proc_pid_stat(5)).
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    new = [os.getpid()]
    while new:
        new = [child for pid in new for child in children.get(pid, []) if child not in found]
        found.update(new)
    return found


@contextmanager
def nothing_left() -> Iterator[None]:
    """Afterwards nothing runs any more that was started meanwhile, however it tried to get away.

    Orphans become this process's children, so that they are found.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)
    before = descendants()
    try:
        yield
    finally:
        end = time.monotonic() + 30
        while (left := descendants() - before) and time.monotonic() < end:
            for pid in left:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.05)

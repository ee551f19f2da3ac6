"""What a build or a test may take: time, memory, processes, disk and files. One that takes more is ended, and says so.

Memory and processes are the kernel's to limit, in a control group of the step's own (scope/). Disk and files are looked
at here, the oftener the less of them is free, and time.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .measure import Measurement, Taken, memory
from .processes import descendants
from .programs import Programs
from .scope.client import opened
from .scope.held import held
from .settings import Limits
from .status import Ended, Status
from .step import Step

# How often to look, in seconds: at most, and at least.
_EVERY, _OFTEN = 0.25, 0.02
# What the fastest disk takes in a second, in bytes and in files: nobody gets past what is reserved between two looks.
_FASTEST = Taken(4_000_000_000, 400_000)
# The disk is measured when so much of it went since the last time (a part of the limit), and again after so many
# seconds, or so many times as long as measuring took.
_PART, _PAUSE, _SHARE = 0.1, 5.0, 20.0
# What others need of the disk: it ends when less is left, whoever took it.
_RESERVE = Taken(500_000_000, 20_000)


@dataclass(frozen=True)
class _Free:
    """What is free of a file system. One that counts no files has no end of them."""

    size: float
    files: float


def _free(folder: Path) -> _Free:
    state = os.statvfs(folder)
    return _Free(state.f_bavail * state.f_frsize, state.f_favail if state.f_files else math.inf)


def pause(free: _Free) -> float:
    """Seconds until the next look, where so much is ``free``."""
    until_short = min(
        (free.size - _RESERVE.size) / _FASTEST.size,
        (free.files - _RESERVE.files) / _FASTEST.files,
    )
    return max(_OFTEN, min(_EVERY, until_short))


class Watch:
    """Looks at what runs in ``folder``, the ``what`` (for people: the build), beside it; called, raises what it found.

    Who passes a limit is at fault (failed) but where the disk is full and others took most of it (infrastructure).
    ``minutes`` is how long it may take in all; None where that is somebody else's affair.
    """

    def __init__(
        self, programs: Programs, limits: Limits, folder: Path, what: str, minutes: float | None = None
    ) -> None:
        self._limits = limits
        self._scope = programs.scope
        self._folder = folder
        self._what = what
        self._minutes = minutes
        self._deadline = math.inf if minutes is None else time.monotonic() + minutes * 60
        # Whoever asks while it is being found out waits for the answer.
        self._lock = threading.Lock()
        self._ended: Ended | None = None
        self._measurement: Measurement | None = None
        self._started = time.monotonic()
        self._measure = self._started + _PAUSE
        # What was free, and what was taken, when the disk was measured last.
        self._known, self._taken = _free(folder), Taken()
        self._pause = _EVERY

    def __call__(self) -> None:
        """Raises ``Ended`` where a limit was passed."""
        with self._lock:
            if self._ended is None:
                self._look_at_the_kernels_word()
            if self._ended is not None:
                raise Ended(self._ended.status, self._ended.reason)

    def patrol(self, done: threading.Event) -> None:
        """Looks, again and again, until ``done``, or until it is over with what runs."""
        try:
            while not done.wait(self._pause) and self._ended is None:
                self.look()
        except OSError as error:
            # Nothing goes on unwatched.
            self._passed(f"the {self._what} cannot be watched: {error}", Status.INFRASTRUCTURE)
        finally:
            if self._measurement:
                self._measurement.close()

    def look(self) -> None:
        """Looks once, and ends what passed a limit."""
        with self._lock:
            now = time.monotonic()
            if now > self._deadline:
                self._passed(f"took longer than {self._minutes} minutes")
            self._look_at_the_kernels_word()
            if self._scope is None:
                self._look_at_processes()
            self._look_at_disk(now)

    def _passed(self, words: str, status: Status = Status.FAILED) -> None:
        """The first word counts. What runs ends at once."""
        if self._ended is None:
            reason = f"the {self._what} {words} (site file: builds)" if status is Status.FAILED else words
            self._ended = Ended(status, reason)
            if self._scope:
                self._scope.kill()

    def _look_at_the_kernels_word(self) -> None:
        if self._scope and (words := self._scope.passed(self._limits)):
            self._passed(words)

    def _look_at_processes(self) -> None:
        pids = descendants()
        used = memory(pids)
        if used > self._limits.memory_mb * 1_000_000:
            self._passed(f"took {used / 1e6:.0f} MB of memory, more than {self._limits.memory_mb}")
        if len(pids) > self._limits.processes:
            self._passed(f"ran {len(pids)} processes, more than {self._limits.processes}")

    def _look_at_disk(self, now: float) -> None:
        free = _free(self._folder)
        self._pause = pause(free)
        if free.size < _RESERVE.size or free.files < _RESERVE.files:
            self._full(free)
        elif self._scope and self._too_much_went(free):
            with self._scope.frozen():
                self._judge(Measurement(self._folder).wait(), self._held())
            # It goes on where somebody else took most of it.
            self._known = _free(self._folder)
        elif self._measurement is None:
            if now >= self._measure or self._much_went(free):
                self._known, self._started = free, now
                self._measurement = Measurement(self._folder)
        elif self._measurement.done():
            taken = self._measurement.wait()
            self._measurement = None
            self._measure = now + max(_PAUSE, _SHARE * (now - self._started))
            self._judge(taken, self._held())

    def _much_went(self, free: _Free) -> bool:
        return (
            free.size < self._known.size - _PART * self._limits.disk_mb * 1_000_000
            or free.files < self._known.files - _PART * self._limits.files
        )

    def _too_much_went(self, free: _Free) -> bool:
        """Whether a limit is passed if all that went since the last measurement was this one's: nobody can say yet."""
        size, files = self._limits.disk_mb * 1_000_000, self._limits.files
        return self._known.size - free.size > max(
            size - self._taken.size, _PART * size
        ) or self._known.files - free.files > max(files - self._taken.files, _PART * files)

    def _judge(self, taken: Taken, more: int) -> None:
        size = taken.size + more
        self._taken = Taken(size, taken.files)
        if size > self._limits.disk_mb * 1_000_000:
            self._passed(f"took {size / 1e6:.0f} MB of disk, more than {self._limits.disk_mb}")
        if taken.files > self._limits.files:
            self._passed(f"made {taken.files} files, more than {self._limits.files}")

    def _full(self, before: _Free) -> None:
        """Ends what runs before it is asked who took all that: what comes back by its end was its own, too."""
        nameless = self._held()
        if self._scope:
            self._scope.kill()
            nameless = max(nameless, int(_free(self._folder).size - before.size))
        self._judge(Measurement(self._folder).wait(), nameless)
        self._passed(f"the disk of {self._folder} is full, and not by this {self._what} alone", Status.INFRASTRUCTURE)

    def _held(self) -> int:
        return self._scope.held() if self._scope else held(descendants())


@contextmanager
def confined(programs: Programs, limits: Limits) -> Iterator[None]:
    """Whatever ``programs`` run meanwhile does so in a control group of its own, which ends with it.

    Raises ``Ended`` (infrastructure) where there is none to be had.
    """
    with ExitStack() as until:
        if limits.enforced:
            until.enter_context(programs.confined(until.enter_context(opened())))
        yield


def limited(step: Step, folder: Path, what: str, minutes: float | None = None) -> AbstractContextManager[None]:
    """``bounded``, for a step."""
    return bounded(step.programs, step.settings.limits, folder, what, minutes)


@contextmanager
def bounded(
    programs: Programs, limits: Limits, folder: Path, what: str, minutes: float | None = None
) -> Iterator[None]:
    """Whatever runs meanwhile in ``folder`` keeps to the limits, as ``Watch`` has it. Raises ``Ended``."""
    watch, done = Watch(programs, limits, folder, what, minutes), threading.Event()
    patrol = threading.Thread(target=watch.patrol, args=(done,), daemon=True)
    patrol.start()
    try:
        with programs.watched(watch):
            yield
    except (Ended, OSError) as error:
        # What failed because it was ended fails with the reason for that.
        if not (isinstance(error, Ended) and error.status is Status.ABORTED):
            watch()
        raise
    else:
        watch()
    finally:
        done.set()
        patrol.join()


def disk(folder: Path) -> int:
    """Bytes of disk that ``folder`` takes, with what belongs to identities of namespaces in it."""
    return Measurement(folder).wait().size

"""Running programs: each as a process group of its own, which ends with it, and when this program is asked to stop."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, cast

from . import processes
from .log import Log
from .scope.client import Scope
from .status import Ended, Status

GRACE_SECONDS = 10.0  # for what runs, between SIGTERM and SIGKILL
# What `Programs.output` keeps, in bytes: more than any list of packages has.
OUTPUT_LIMIT = 64 * 1024 * 1024
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


class Stop:
    """Whether somebody asked this program to end, its time is over or, in a job, whoever started it is gone."""

    def __init__(self) -> None:
        self._asked = False
        self._minutes: float | None = None
        self._end = 0.0
        self._parent: int | None = None

    @property
    def asked(self) -> bool:
        return self._asked or self._parent not in (None, os.getppid()) or self._late

    @property
    def reason(self) -> str:
        """Why it is to end."""
        return f"it took longer than {self._minutes:g} minutes" if self._late else "it was asked to stop"

    @property
    def _late(self) -> bool:
        return self._minutes is not None and time.monotonic() > self._end

    def within(self, minutes: float) -> None:
        """From now on so many minutes are left."""
        self._minutes = minutes
        self._end = time.monotonic() + 60 * minutes

    def ask(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """As a signal's handler."""
        self._asked = True

    def listen(self) -> None:
        """From now on, signals that end programs ask this one to end, so that it can tidy up.

        By hand, who started it may go away.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.ask)
        if processes.MARK in os.environ:
            self._parent = os.getppid()


def plain_environment(home: Path) -> dict[str, str]:
    """What a program gets: neither Jenkins' variables nor a way to somebody's keys, but the mark of the build."""
    mark = os.environ.get(processes.MARK)
    return {
        "PATH": _PATH,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        **({processes.MARK: mark} if mark else {}),
    }


class Programs:
    """Runs programs whose output goes to ``log``. ``Stop`` ends what runs."""

    def __init__(self, log: Log, stop: Stop, home: Path) -> None:
        self._log = log
        self._stop = stop
        self._home = home
        self._watch: Callable[[], None] | None = None
        self._attend: list[Callable[[], None]] = []
        self._scope: Scope | None = None

    def apart(self, log: Log) -> Programs:
        """The same, with a log of its own: for another thread."""
        other = Programs(log, self._stop, self._home)
        other._watch = self._watch
        other._scope = self._scope
        return other

    @contextmanager
    def confined(self, scope: Scope) -> Iterator[None]:
        """Whatever starts meanwhile runs in ``scope``."""
        before, self._scope = self._scope, scope
        try:
            yield
        finally:
            self._scope = before

    @property
    def scope(self) -> Scope | None:
        """Where programs run."""
        return self._scope

    def popen(self, words: Sequence[str | Path], **options: Any) -> subprocess.Popen[bytes]:
        """``subprocess.Popen``, confined: for what runs beside the step's own programs."""
        return self._scope.popen(words, **options) if self._scope else subprocess.Popen(words, **options)

    @contextmanager
    def watched(self, watch: Callable[[], None] | None) -> Iterator[None]:
        """Whatever runs meanwhile is ended with the ``Ended`` that ``watch`` raises: it is called again and again.

        None lets things run unwatched in between.
        """
        before, self._watch = self._watch, watch
        try:
            yield
        finally:
            self._watch = before

    @contextmanager
    def attended(self, attend: Callable[[], None]) -> Iterator[None]:
        """``attend``, too, is called again and again while something runs, watched or not; what it raises ends that."""
        self._attend.append(attend)
        try:
            yield
        finally:
            self._attend.remove(attend)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        seconds: float | None = None,
        late: Status = Status.INFRASTRUCTURE,
    ) -> int:
        """The exit status, negative where a signal ended it. Its output, both streams, is added to the log.

        ``environment`` is added to ``plain_environment``. Raises ``Ended``: aborted where this program is asked to
        stop, ``late`` after ``seconds``, infrastructure where there is no such program, and as ``watched`` has it.
        """
        return self._run(command, environment, folder, seconds, late, self._log.add, subprocess.STDOUT)

    def must(self, what: str, command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None) -> None:
        """Runs what does not fail on a healthy host. Raises ``Ended`` (infrastructure): ``what`` could not be done."""
        status = self.run(command, environment=environment)
        if status != 0:
            raise Ended(Status.INFRASTRUCTURE, f"could not {what}: {command[0]} ended with status {status}")

    def output(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        seconds: float | None = None,
        late: Status = Status.INFRASTRUCTURE,
    ) -> tuple[int, bytes]:
        """The exit status and the standard output, up to ``OUTPUT_LIMIT``; standard error is added to the log."""
        kept = bytearray()

        def keep(piece: bytes) -> None:
            kept.extend(piece[: OUTPUT_LIMIT - len(kept)])

        # Standard error has a pipe of its own below: one selector reads both.
        status = self._run(command, environment, folder, seconds, late, keep, subprocess.PIPE)
        return status, bytes(kept)

    def pipe(self, command: Sequence[str | Path], take: Callable[[bytes], None], *, seconds: float) -> int:
        """The exit status; its standard output goes to ``take``, piece by piece, and what that raises ends it."""
        return self._run(command, None, None, seconds, Status.INFRASTRUCTURE, take, subprocess.PIPE)

    def _run(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str] | None,
        folder: Path | None,
        seconds: float | None,
        late: Status,
        take: Callable[[bytes], None],
        stderr: int,
    ) -> int:
        words = [str(word) for word in command]
        deadline = time.monotonic() + seconds if seconds else None
        try:
            process = self.popen(
                words,
                cwd=folder or self._home,
                env=plain_environment(self._home) | dict(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )
        except OSError as error:
            raise Ended(Status.INFRASTRUCTURE, f"{words[0]} does not start: {error.strerror}") from None
        with _outputs(process, take, self._log.add) as read:
            try:
                while process.poll() is None:
                    read(0.2)
                    if self._stop.asked:
                        raise Ended(Status.ABORTED, self._stop.reason)
                    if deadline and time.monotonic() > deadline:
                        raise Ended(late, f"{Path(words[0]).name} took longer than {seconds:g} s")
                    if self._watch:
                        self._watch()
                    for attend in tuple(self._attend):
                        attend()
            except Ended:
                _signal_group(process.pid, signal.SIGTERM)
                end = time.monotonic() + GRACE_SECONDS
                while process.poll() is None and time.monotonic() < end:
                    read(0.2)
                raise
            finally:
                # Also what it started and left behind. One that made a group of its own may keep the pipe open: the
                # rest is read as far as it is there, and no longer waited for.
                _signal_group(process.pid, signal.SIGKILL)
                process.wait()
                end = time.monotonic() + GRACE_SECONDS
                while read(0.2) and time.monotonic() < end:
                    pass
        if self._watch:
            # It may have ended because of a limit.
            self._watch()
        return process.returncode


@contextmanager
def _outputs(
    process: subprocess.Popen[bytes], take: Callable[[bytes], None], complain: Callable[[bytes], None]
) -> Iterator[Callable[[float], bool]]:
    """A function that reads what is there, waiting for it for some seconds; whether there was anything.

    Once the outputs are closed, it waits for the end of the process.
    """
    streams = [(cast(BinaryIO, process.stdout), take)]
    if process.stderr is not None:
        streams.append((cast(BinaryIO, process.stderr), complain))
    with selectors.DefaultSelector() as selector:
        for stream, taker in streams:
            selector.register(stream, selectors.EVENT_READ, taker)

        def read(seconds: float) -> bool:
            if not selector.get_map():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(seconds)
                return False
            some = False
            for key, _ in selector.select(seconds):
                piece = os.read(key.fd, 65536)
                if piece:
                    key.data(piece)
                    some = True
                else:
                    selector.unregister(key.fileobj)
            return some

        try:
            yield read
        finally:
            for stream, _ in streams:
                stream.close()


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)

"""Follows a run on a host, live, over as many connections as it takes."""

from __future__ import annotations

import base64
import binascii
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace

from pkgci.puppetrun.host_state import command
from pkgci.puppetrun.progress import Phase, Progress, Watch, advance
from pkgci.remote.errors import CommandTimeoutError, HostError, LostConnectionError, UnreachableError
from pkgci.remote.session import Completed, Session

# The host says every 10 s that it is alive: so much silence is a lost connection.
_SILENCE = 45.0
# How long a host may stay away: a reboot takes less.
PATIENCE = 300.0
_BETWEEN_ATTEMPTS = 2.0
_LARGEST_REPORT = 64 * 1024 * 1024  # bytes


@dataclass(frozen=True)
class End:
    """How a run has ended: what systemd said of it (``None`` where nobody wrote it down), and Puppet's report.

    ``result`` is systemd's: success, exit-code, signal, timeout…; ``code`` exited or killed, ``status`` a number or the
    name of a signal. ``free_kb`` is None where the host did not tell.
    """

    result: str | None
    code: str
    status: str
    rebooted: bool
    free_kb: int | None
    report: str


@dataclass
class Following:
    """What is known of a run so far. ``log`` holds all its lines."""

    run: str
    progress: Progress
    log: list[str] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)

    def take(self, line: str, watch: Watch) -> None:
        """One more line from the host: of the log, or a mark."""
        mark = f"\001{self.run} "
        text, found, words = line.partition(mark)
        if found:
            name, _, value = words.partition(" ")
            self.marks[name] = value
        if text or not found:
            self.log.append(text)
            progress = advance(self.progress, text)
            if progress is not self.progress:
                self.progress = progress
                watch(progress)

    @property
    def ended(self) -> bool:
        """Whether the host has told all there is."""
        return "free" in self.marks

    def end(self) -> End:
        """How it ended. Only where it has."""
        result, code, status = (*self.marks.get("exit", "").split(), "", "", "")[:3]
        free = self.marks.get("free", "")
        return End(
            result=result or None,
            code=code,
            status=status,
            rebooted="rebooted" in self.marks,
            free_kb=int(free) if free.isdecimal() else None,
            report=_unpacked(self.marks.get("report", "")),
        )


def follow(
    following: Following,
    lines: Iterator[str],
    reopen: Callable[[], Session],
    watch: Watch,
    *,
    deadline: float,
    interrupted: Callable[[], bool],
) -> End:
    """Reads ``lines`` until the run has ended; where the connection breaks, opens another one and goes on.

    ``deadline`` (of ``time.monotonic``) is when even a killed run must have ended. Raises ``LostConnectionError``
    where the host stays away, or lets us in and says nothing, and ``HostError``.
    """
    session: Session | None = None
    heard = time.monotonic()
    try:
        while True:
            try:
                for line in lines:
                    heard = time.monotonic()
                    following.take(line, watch)
                if following.ended:
                    return following.end()
                lost: HostError = LostConnectionError(following.progress.host, "the connection was lost")
            except (LostConnectionError, CommandTimeoutError) as error:
                lost = error
            if session is not None:
                session.close()
            if time.monotonic() > deadline:
                raise _past_deadline(following)
            if session is not None and time.monotonic() > heard + PATIENCE:
                # It lets us in again and again, and then says nothing.
                raise _stayed_away(following, lost)
            if not interrupted():
                watch(replace(following.progress, phase=Phase.RECONNECTING))
            session = _again(following, reopen, min(deadline, heard + PATIENCE), interrupted, lost)
            watch(following.progress)
            following.marks.clear()
            lines = lines_of(session, command([following.run, str(len(following.log))], "follow"))
    finally:
        if session is not None:
            session.close()


def lines_of(session: Session, line: str, stdin: bytes = b"") -> Generator[str, None, None]:
    """The lines of a command that follows a run. Raises ``HostError`` where it fails."""
    completed: Completed = yield from session.stream(line, stdin=stdin, idle_timeout=_SILENCE)
    if completed.status != 0:
        last = " ".join(completed.stderr.split()) or f"exit status {completed.status}"
        raise HostError(session.host.name, f"the run could not be started: {last}", "run it again")


def _again(
    following: Following,
    reopen: Callable[[], Session],
    end: float,
    interrupted: Callable[[], bool],
    lost: HostError,
) -> Session:
    """A new session, as soon as there is one. Raises ``LostConnectionError`` where there is none until ``end``."""
    while not interrupted():
        try:
            return reopen()
        except (UnreachableError, LostConnectionError) as error:
            lost = error
        if time.monotonic() > end:
            break
        time.sleep(_BETWEEN_ATTEMPTS)
    raise _stayed_away(following, lost)


def _stayed_away(following: Following, lost: HostError) -> HostError:
    return LostConnectionError(
        following.progress.host,
        f"the connection was lost during the run ({_last(following)}), and did not come back: {lost.reason}",
        "the run may go on there: the same command again follows it, or starts it anew",
    )


def _past_deadline(following: Following) -> HostError:
    return CommandTimeoutError(
        following.progress.host,
        f"the deadline has passed, and the host does not say how the run ended ({_last(following)})",
        "is the host alive? The same command again follows the run, or starts it anew",
    )


def _last(following: Following) -> str:
    progress = following.progress
    return f"{progress.phase}, last: {progress.resource}" if progress.resource else str(progress.phase)


def _unpacked(text: str) -> str:
    try:
        # A gzip's head and tail; a host that sends more than any report has sends none.
        unpacked = zlib.decompressobj(31).decompress(base64.b64decode(text), _LARGEST_REPORT) if text else b""
        return unpacked.decode(errors="replace")
    except (binascii.Error, zlib.error, ValueError):
        return ""

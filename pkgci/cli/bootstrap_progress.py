"""How a bootstrap goes on, while it goes on: live on a terminal, in plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from pkgci.cli.bootstrap_result import duration, verdict
from pkgci.cli.screen import console_on
from pkgci.legible import legible
from pkgci.model.plural import counted
from pkgci.puppetrun.progress import Phase, Progress
from pkgci.puppetrun.result import RunResult
from pkgci.remote.errors import HostError

_HEARTBEAT = 30.0  # seconds between two plain lines about a host that is busy
_BAR = 10  # characters
# The resource of a host that has been quiet for so long (seconds) is shown with its age.
_QUIET = 2.0


class Shown(Protocol):
    """Somewhere to show progress: a context manager. ``advance`` may be called from any thread."""

    def advance(self, progress: Progress) -> None: ...

    def end(self, host: str, result: RunResult | HostError) -> None: ...

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leaves the screen to somebody else, who has to ask the user."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def progress_on(stream: TextIO, hosts: Sequence[str]) -> Shown:
    """What shows the progress on ``hosts`` best on ``stream``."""
    console = console_on(stream)
    return Screen(console, hosts) if console.is_terminal else Plain(stream, hosts)


class Plain:
    """A line when a host's phase changes, one when it ends, and one every half minute that it is busy."""

    def __init__(self, stream: TextIO, hosts: Sequence[str]) -> None:
        self._stream = stream
        self._wide = max(len(host) for host in hosts)
        self._lock = threading.Lock()
        self._latest: dict[str, tuple[Progress, float]] = {}
        self._told: dict[str, float] = {}
        self._stopped = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()

    @contextmanager
    def paused(self) -> Iterator[None]:
        with self._lock:
            yield

    def advance(self, progress: Progress) -> None:
        with self._lock:
            before = self._latest.get(progress.host)
            self._latest[progress.host] = (progress, time.monotonic())
            if before is None or before[0].phase is not progress.phase:
                self._say(progress.host, _opening(progress))

    def end(self, host: str, result: RunResult | HostError) -> None:
        with self._lock:
            self._latest.pop(host, None)
            self._say(host, verdict(result))

    def beat(self) -> None:
        """Tells of the hosts that have been busy for a while."""
        with self._lock:
            now = time.monotonic()
            for host, (progress, since) in self._latest.items():
                if now - self._told[host] >= _HEARTBEAT:
                    self._say(host, f"{_busy(progress)}, for {duration(now - since)}")

    def _beat(self) -> None:
        while not self._stopped.wait(1.0):
            self.beat()

    def _say(self, host: str, text: str) -> None:
        self._told[host] = time.monotonic()
        self._stream.write(f"{host:<{self._wide}}  {legible(text)}\n")
        self._stream.flush()


def _opening(progress: Progress) -> str:
    if progress.phase is Phase.APPLYING:
        return f"applying {counted(progress.of, 'resource')}"
    told = progress.phase in (Phase.PACKAGES, Phase.FOLLOWING)
    return f"{progress.phase} {progress.resource}".rstrip() if told else str(progress.phase)


def _busy(progress: Progress) -> str:
    count = f" {progress.number} of {progress.of}" if progress.of else ""
    return f"{progress.phase}{count} {progress.resource}".rstrip()


class Screen:
    """A line for each host, rewritten as things go on; the age of the last word is its heartbeat."""

    def __init__(self, console: Console, hosts: Sequence[str]) -> None:
        self._console = console
        self._hosts = hosts
        self._wide = min(16, max(len(host) for host in hosts))
        self._latest: dict[str, tuple[Progress, float]] = {}
        self._ended: dict[str, RunResult | HostError] = {}
        self._live = Live(self, console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        shown = self._live.is_started
        self._live.stop()
        try:
            yield
        finally:
            if shown:
                self._live.start()

    def advance(self, progress: Progress) -> None:
        self._latest[progress.host] = (progress, time.monotonic())

    def end(self, host: str, result: RunResult | HostError) -> None:
        self._ended[host] = result

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, now = options.max_width, time.monotonic()
        lines = [self.line(host, width, now) for host in self._visible(console.height - 2)]
        lines.append(Text(f"{len(self._ended)} of {counted(len(self._hosts), 'host')} done"))
        yield Text("\n").join(lines)

    def _visible(self, room: int) -> list[str]:
        """The hosts there is room for, in their order: those at work first, then those that failed."""
        if len(self._hosts) <= room:
            return list(self._hosts)
        busy = [host for host in self._hosts if host in self._latest and host not in self._ended]
        failed = [host for host, result in self._ended.items() if not result.ok]
        chosen = set([*busy, *failed, *self._hosts][: max(1, room)])
        return [host for host in self._hosts if host in chosen]

    def line(self, host: str, width: int, now: float) -> Text:
        """One host's line, ``width`` characters at most."""
        line = Text(f"{host[: self._wide]:<{self._wide}} ", no_wrap=True, overflow="ellipsis")
        result = self._ended.get(host)
        if result is not None:
            line.append(verdict(result), style="green" if result.ok else "red")
        elif host not in self._latest:
            line.append(str(Phase.WAITING), style="dim")
        else:
            progress, since = self._latest[host]
            if progress.of:
                full = _BAR * progress.number // progress.of
                line.append(f"{'█' * full}{'░' * (_BAR - full)} {progress.number:>4}/{progress.of:<4} ")
            if progress.phase is not Phase.APPLYING:
                line.append(f"{progress.phase} ")
            if now - since >= _QUIET:
                line.append(f"{duration(now - since)} ", style="yellow" if now - since > _HEARTBEAT else "dim")
            line.append(progress.resource, style="dim")
        line.truncate(width, overflow="ellipsis")
        return line

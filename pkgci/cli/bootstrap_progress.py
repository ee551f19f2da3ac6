"""How a bootstrap goes on, while it goes on: live on a terminal, in plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TextIO

from pkgci.cli.bootstrap_result import verdict
from pkgci.puppetrun.progress import Phase, Progress

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from pkgci.puppetrun.run import RunResult
    from pkgci.remote.errors import HostError

_HEARTBEAT = 30.0  # seconds between two plain lines about a host that is busy


class Shown(Protocol):
    """Somewhere to show progress. ``advance`` and ``end`` may be called from any thread."""

    def advance(self, progress: Progress) -> None: ...

    def end(self, host: str, result: RunResult | HostError) -> None: ...

    def __enter__(self) -> Shown: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def progress_of(hosts: Sequence[str], stream: TextIO) -> Shown:
    """What shows the progress on ``hosts`` best on ``stream``."""
    return Plain(hosts, stream)


class Plain:
    """One line when a host's phase changes, one when it ends, and one every half minute that it is busy."""

    def __init__(self, hosts: Sequence[str], stream: TextIO) -> None:
        self._stream = stream
        self._wide = max(len(host) for host in hosts)
        self._lock = threading.Lock()
        self._latest: dict[str, Progress] = {}
        self._since: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._stopped = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Plain:
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()

    def advance(self, progress: Progress) -> None:
        with self._lock:
            before = self._latest.get(progress.host)
            self._latest[progress.host] = progress
            self._since[progress.host] = time.monotonic()
            if before is None or before.phase is not progress.phase:
                count = f" {progress.of} resources" if progress.phase is Phase.APPLYING else ""
                what = progress.resource if progress.phase is Phase.PACKAGES else ""
                self._say(progress.host, f"{progress.phase}{count} {what}".rstrip())

    def end(self, host: str, result: RunResult | HostError) -> None:
        with self._lock:
            self._latest.pop(host, None)
            self._say(host, verdict(result))

    def _say(self, host: str, text: str) -> None:
        self._told[host] = time.monotonic()
        self._stream.write(f"{host:<{self._wide}}  {text}\n")
        self._stream.flush()

    def _beat(self) -> None:
        while not self._stopped.wait(1.0):
            with self._lock:
                now = time.monotonic()
                for host, progress in self._latest.items():
                    if now - self._told[host] >= _HEARTBEAT:
                        self._say(host, f"{busy(progress)}, for {now - self._since[host]:.0f} s")


def busy(progress: Progress) -> str:
    """What a host is busy with, in words."""
    count = f" {progress.number} of {progress.of}" if progress.of else ""
    return f"{progress.phase}{count} {progress.resource}".rstrip()

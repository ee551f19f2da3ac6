"""Ends what would wait for ever: paramiko has calls that take no time-out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class Watchdog:
    """While this lasts: calls ``cut``, on another thread, once ``deadline()`` (of ``time.monotonic``) has passed.

    ``deadline`` is asked again when it comes, for it may have moved. ``fired`` says whether ``cut`` was called.
    """

    def __init__(self, deadline: Callable[[], float], cut: Callable[[], object]) -> None:
        self._deadline = deadline
        self._cut = cut
        self._left = threading.Event()
        self.fired = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()

    def _watch(self) -> None:
        while (left := self._deadline() - time.monotonic()) > 0:
            if self._left.wait(left):
                return
        if not self._left.is_set():
            self.fired = True
            # What is to be cut may have ended meanwhile.
            with suppress(Exception):
                self._cut()

"""Trying again: how often, and after which pauses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable


class Attempts:
    """The attempts at one thing: the first, and one more after each of ``pauses`` (seconds)."""

    def __init__(self, pauses: Iterable[float], sleep: Callable[[float], None] = time.sleep) -> None:
        self._pauses = iter(pauses)
        self._sleep = sleep

    def again(self, waiting: Callable[[], object] = lambda: None) -> bool:
        """Waits, and is True, where one more attempt is left. ``waiting`` is called before the wait."""
        pause = next(self._pauses, None)
        if pause is None:
            return False
        waiting()
        self._sleep(pause)
        return True

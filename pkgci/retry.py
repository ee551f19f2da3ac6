"""Trying again: how often, and after which pauses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

# Seconds before each further attempt at a web server that does not answer, or says that it is away for a moment.
SERVER_PAUSES = (0.5, 1.5, 3.0)


class Attempts:
    """The attempts at one thing: the first, and one more after each of ``pauses`` (seconds)."""

    def __init__(self, pauses: Iterable[float]) -> None:
        self._pauses = iter(pauses)

    def again(self, waiting: Callable[[], object] = lambda: None) -> bool:
        """Waits, and is True, where one more attempt is left. ``waiting`` is called before the wait."""
        pause = next(self._pauses, None)
        if pause is None:
            return False
        waiting()
        time.sleep(pause)
        return True

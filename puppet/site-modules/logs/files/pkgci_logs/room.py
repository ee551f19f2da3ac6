"""Whether there is room for what comes. A full disk keeps nobody's logs, so it is not filled to its end.

Between two runs of the clean-up, what takes logs in removes what is too much itself, where the room is needed.
"""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass

from .files import held
from .prune import free
from .store import Store

RESERVE = 100 * 1000 * 1000  # bytes of the disk that no upload takes: pages are made of the rest
RESERVED_FILES = 1000
PAUSE = 60.0  # seconds between two attempts to free some


@dataclass(frozen=True)
class Room:
    """``limit`` is how many bytes all logs together may take."""

    store: Store
    limit: int

    def check(self, size: int = 0) -> None:
        """Raises ``OSError`` where there is no room for so many bytes more, also once what is too much has gone."""
        if not self._is_there(size):
            self._free()
            if not self._is_there(size):
                raise OSError(errno.ENOSPC, "the log server's disk is full: `logs: {disk: …}` in the site file")

    def _is_there(self, size: int) -> bool:
        disk = os.statvfs(self.store.logs)
        has_files = not disk.f_files or disk.f_favail >= RESERVED_FILES
        return has_files and disk.f_bavail * disk.f_frsize - size >= RESERVE

    def _free(self) -> None:
        """One at a time, and not again and again where it does not help: something else may fill the disk."""
        with held(self.store.state / "freed") as handle:
            now = time.time()
            known = os.fstat(handle)
            if known.st_size and now - known.st_mtime < PAUSE:
                return
            os.pwrite(handle, b"\n", 0)
            for _ in free(self.store, self.limit, now):
                pass

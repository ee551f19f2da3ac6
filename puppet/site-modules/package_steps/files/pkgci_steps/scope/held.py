"""Files without a name: what of a disk nobody finds by looking at folders."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

# Descriptors that are looked at, at most: whoever looks must come to an end.
_MOST = 200_000


def held(pids: Iterable[int]) -> int:
    """Bytes of files that have no name any more, and that ``pids`` have open, as far as one may see that."""
    found: dict[tuple[int, int], int] = {}
    for state in islice(_open(pids), _MOST):
        if stat.S_ISREG(state.st_mode) and state.st_nlink == 0:
            found[state.st_dev, state.st_ino] = state.st_blocks * 512
    return sum(found.values())


def _open(pids: Iterable[int]) -> Iterator[os.stat_result]:
    for pid in pids:
        with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as entries:
            for entry in entries:
                with suppress(OSError):
                    yield entry.stat()

"""What a build or a test has taken until now, as far as one can see from beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from .namespaces import INSIDE
from .processes import PROC

_DU = 'du -sxB1 "$1" 2>/dev/null; du -sx --inodes "$1" 2>/dev/null; true'


@dataclass(frozen=True)
class Taken:
    """Bytes of disk, and files of any kind."""

    size: int = 0
    files: int = 0


class Measurement:
    """Of what ``folder`` takes, with what belongs to identities of namespaces in it: under way, beside all else."""

    def __init__(self, folder: Path) -> None:
        self._running = [
            subprocess.Popen(
                [*inside, "sh", "-c", _DU, "sh", str(folder)],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            for inside in ((), INSIDE)
            # Where there is no inside, nobody has left anything there.
            if not inside or shutil.which(inside[0])
        ]

    def done(self) -> bool:
        """Whether it is over."""
        return all(process.poll() is not None for process in self._running)

    def wait(self) -> Taken:
        """Its end: each look sees what the other may not."""
        looks = [_taken(cast(BinaryIO, process.stdout).read()) for process in self._running]
        self.close()
        return Taken(max(look.size for look in looks), max(look.files for look in looks))

    def close(self) -> None:
        """Ends it."""
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.wait()
            cast(BinaryIO, process.stdout).close()


def _taken(said: bytes) -> Taken:
    numbers = [int(line.split()[0]) for line in said.splitlines() if line.split()[:1] and line.split()[0].isdigit()]
    return Taken(*numbers[:2])


def memory(pids: set[int]) -> int:
    """Bytes of memory that nobody else can use: the processes' own pages, and what lies in their /dev/shm."""
    total = 0
    shared: dict[int, int] = {}
    for pid in pids:
        with suppress(OSError):
            for line in (PROC / str(pid) / "status").read_text().splitlines():
                if line.startswith(("RssAnon:", "RssShmem:")):
                    total += int(line.split()[1]) * 1024
        with suppress(OSError):
            shared |= in_memory(PROC / str(pid) / "root/dev")
    return total + sum(size for device, size in shared.items() if device not in in_memory(Path("/dev")))


def in_memory(dev: Path) -> dict[int, int]:
    """The device of shm in ``dev``, and the bytes in it: nothing where it is a folder like others, on a disk."""
    place = dev / "shm"
    if not place.is_dir() or place.stat().st_dev == dev.stat().st_dev:
        return {}
    state = os.statvfs(place)
    return {place.stat().st_dev: (state.f_blocks - state.f_bfree) * state.f_frsize}

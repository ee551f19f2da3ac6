"""Removes old logs: ``prune LOGS STATE --days N --disk MB``. A timer calls it; it says what it removed, and why.

Builds go whole: those that are older than so many days, and as many more as it takes to stay within so many MB (powers
of ten): who floods the store loses his own (see ``fair``). One that runs stays. Folders that are empty then go too, and
all pages are made anew.

Exit status: 0, or 1 where what is left still takes more than it may.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import pages
from .fair import Kept, too_much
from .files import held
from .store import DEPTH, RESULT, BuildPath, Store, open_up

DAY = 86400.0
# A build that has not ended, and changed within so many seconds, runs. A job ends after 5 hours.
RUNS = 6 * 3600.0
SMALLEST = 4096  # bytes: a file takes a place in the file system, too
LEAVING = ".leaving"  # no build's folder begins with a dot: what an interrupted run left is removed by the next


def main() -> int:
    """The program; its exit status."""
    os.umask(0o022)
    parser = argparse.ArgumentParser(prog="prune", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("logs", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--disk", type=int, required=True, metavar="MB")
    given = parser.parse_args()
    store = Store(given.logs, given.state)
    _be_its_owner(store)
    left = given.disk * 10**6
    for line in prune(store, given.days, left, time.time()):
        print(line, flush=True)
    pages.show_all(store)
    taken = sum(measure(store, path, time.time()).size for path in store.builds())
    if taken > left:
        print(f"what is left takes {_mb(taken)}, and may take {_mb(left)}: logs.disk in the site file")
    return 1 if taken > left else 0


def _be_its_owner(store: Store) -> None:
    """Pages that root made could not be brought up to date by what takes logs in."""
    if os.geteuid() == 0:
        owner = store.state.stat()
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


def prune(store: Store, days: int, limit: int, now: float) -> Iterator[str]:
    """Removes what is too old or too much, ``limit`` being in bytes; a line for each build that goes."""
    with _only_one(store):
        for build in [measure(store, path, now) for path in store.builds()]:
            age = (now - build.changed) / DAY
            if not build.runs and age > days:
                _remove(store, build.path)
                yield f"removed {build.path.text} ({_mb(build.size)}): {age:.1f} days old"
    yield from free(store, limit, now)
    _forget_streams(store, now)


def free(store: Store, limit: int, now: float) -> Iterator[str]:
    """Removes what is too much; a line for each build that goes."""
    with _only_one(store):
        builds = [measure(store, path, now) for path in store.builds()]
        taken = sum(build.size for build in builds)
        for build in too_much(builds, limit):
            _remove(store, build.path)
            yield f"removed {build.path.text} ({_mb(build.size)}): the logs take {_mb(taken)}"
            taken -= build.size


@contextmanager
def _only_one(store: Store) -> Iterator[None]:
    """Nobody else removes meanwhile. What an interrupted run left goes."""
    with held(store.state / "removing"):
        shutil.rmtree(store.logs / LEAVING, ignore_errors=True)
        yield


def measure(store: Store, path: BuildPath, now: float) -> Kept:
    """A build's size, and its age: by when it changed here, for the other times are whatever was sent."""
    size, changed = 0, 0.0
    open_up(store.logs / path.text)
    ended = (store.logs / path.text / RESULT).exists()
    for folder, _, files in os.walk(store.logs / path.text):
        for name in (".", *files):
            with suppress(FileNotFoundError):
                status = Path(folder, name).lstat()
                size += max(status.st_blocks * 512, SMALLEST)
                changed = max(changed, status.st_ctime)
    return Kept(path, changed, size, not ended and now - changed < RUNS)


def _remove(store: Store, path: BuildPath) -> None:
    """First out of sight as a whole: a build is there or is not. Then the folders above that have nothing else."""
    leaving = store.logs / LEAVING
    (store.logs / path.text).rename(leaving)
    shutil.rmtree(leaving)
    folder = (store.logs / path.text).parent
    with suppress(OSError):
        for _ in range(DEPTH):
            if folder == store.logs:
                break
            folder.rmdir()
            folder = folder.parent


def _forget_streams(store: Store, now: float) -> None:
    """A log that did not end, and that nobody went on with, has ended."""
    for mark in store.streams.iterdir():
        with suppress(FileNotFoundError):
            if now - mark.stat().st_mtime > DAY:
                mark.unlink()


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"

#!/usr/bin/python3
"""Removes workspaces that nobody uses: old ones, and, where the disk runs full, younger ones too.

Usage: clean-workspaces --folder DIR --days N --free-bytes N --free-percent N --idle-minutes N

Every folder in DIR is a workspace. One that was not used for ``--days`` goes. Then, the oldest first, others go until
both the bytes and the percentage of the file system are free again. A workspace is never removed while it is in use:
while a process holds a lock (flock) on its folder, as pkgci-job does; while a process of this account is in it; or
within ``--idle-minutes`` of its last use. Runs as the account that owns the workspaces. Exit status: 0, also where not
enough could be freed, which it says.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import fcntl
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

PROCESSES = Path("/proc")
# A workspace on its way out: out of Jenkins' sight first, so that no build finds half of it.
LEAVING = ".leaving-"


@dataclass(frozen=True)
class Limits:
    """When a workspace goes. Times are in seconds."""

    age: float
    idle: float
    free_bytes: int
    free_percent: float

    def enough(self, free: int, total: int) -> bool:
        """Whether this much of a disk is free enough."""
        return free >= self.free_bytes and free * 100 >= self.free_percent * total


@dataclass(frozen=True)
class Workspace:
    """A folder in which builds run. ``used`` is when that last happened, in seconds since 1970."""

    path: Path
    used: float


def workspaces(folder: Path, now: float) -> tuple[Workspace, ...]:
    """The workspaces in ``folder`` at the time ``now``, the one that was used longest ago first."""
    found = [Workspace(path, _used(path, now)) for path in _folders(folder) if not path.name.startswith(LEAVING)]
    return tuple(sorted(found, key=lambda one: (one.used, one.path.name)))


def candidates(every: Iterable[Workspace], limits: Limits, now: float) -> Iterator[tuple[Workspace, bool]]:
    """What may go, in order, each with whether it goes for its age alone (and not only when the disk is too full)."""
    for one in every:
        if now - one.used >= limits.idle:
            yield one, now - one.used >= limits.age


def in_use(path: Path) -> bool:
    """Whether a process holds a lock on the folder, or is in it."""
    handle = _opened(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return any(place == path or path in place.parents for place in _places())


def remove(workspace: Workspace) -> bool:
    """Removes a workspace; False where it is in use."""
    if in_use(workspace.path):
        return False
    # A name of its own: one of an earlier time, which could not be deleted, may still be there.
    away = Path(tempfile.mkdtemp(prefix=f"{LEAVING}{workspace.path.name[:100]}-", dir=workspace.path.parent))
    workspace.path.rename(away)
    # A build may have come in between the question and the move: it gets its folder back.
    if in_use(away):
        away.rename(workspace.path)
        return False
    delete(away)
    return True


def delete(folder: Path) -> None:
    """Deletes a folder, also where builds have left parts of it read-only, or nested deeper than Python can follow.

    Raises ``OSError``.
    """
    # Without setgid bits: the service may not set them (RestrictSUIDSGID), not even on a folder that has one.
    subprocess.run(["/bin/chmod", "-R", "u+rwX,ug-s", "--", folder], stderr=subprocess.DEVNULL, check=False)
    with subprocess.Popen(
        ["/bin/rm", "-rf", "--one-file-system", "--", str(folder)], stderr=subprocess.PIPE
    ) as process:
        complaints = cast(BinaryIO, process.stderr)
        first = complaints.readline(500).decode(errors="replace").strip()
        while complaints.read(65536):
            pass
    if process.returncode != 0:
        raise OSError(errno.ENOTEMPTY, first or f"rm ended with status {process.returncode}", str(folder))


def clean(folder: Path, limits: Limits, now: float) -> Iterator[str]:
    """Removes what has to go; what it did, line by line."""
    every = workspaces(folder, now)  # first: deleting takes its time, and whoever comes meanwhile is not of the future
    for path in _folders(folder):
        if path.name.startswith(LEAVING):
            try:
                delete(path)
            except OSError as error:
                yield f"could not remove {path.name}: {error.strerror}"
    for workspace, old in candidates(every, limits, now):
        if not old and limits.enough(*_space(folder)):
            break
        days = (now - workspace.used) / 86400
        try:
            if remove(workspace):
                why = "" if old else ", and the disk is nearly full"
                yield f"removed {workspace.path.name}: last used {days:.1f} days ago{why}"
        except OSError as error:
            yield f"could not remove {workspace.path.name}: {error.strerror}"
    free, total = _space(folder)
    if not limits.enough(free, total):
        yield f"only {free / 2**30:.1f} GiB of {total / 2**30:.1f} are free, and no workspace is left that could go"


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]


def _opened(path: Path) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    try:
        return os.open(path, flags)
    except PermissionError:
        # A build has taken the rights of its own account away.
        if not path.is_symlink():
            path.chmod(0o700)
        return os.open(path, flags)


def _used(path: Path, now: float) -> float:
    """Jenkins' agents and pkgci-job touch the folder; a build of another kind touches what is in it.

    Anybody may date a file in the future, which says nothing. Only where no other time is left does the folder's own
    change count, which nobody dates.
    """
    status = path.stat()
    times = [status.st_mtime]
    with contextlib.suppress(OSError):  # none of ours
        for entry in os.scandir(path):
            with contextlib.suppress(OSError):  # gone meanwhile
                times.append(entry.stat(follow_symlinks=False).st_mtime)
    known = [when for when in times if when <= now] or [when for when in (status.st_ctime,) if when <= now]
    return max(known, default=0.0)


def _places() -> Iterator[Path]:
    """Where the processes are whose place this account may know: its own."""
    for entry in PROCESSES.glob("[0-9]*/cwd"):
        try:
            yield entry.readlink()
        except OSError:
            continue


def _space(folder: Path) -> tuple[int, int]:
    """Free and all bytes of the file system, as far as they are this account's."""
    if not folder.is_dir():
        folder = folder.parent
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize


def main(arguments: Sequence[str]) -> int:
    """The program."""
    parser = argparse.ArgumentParser(description="Removes workspaces that nobody uses.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--days", type=float, required=True)
    parser.add_argument("--free-bytes", type=int, required=True)
    parser.add_argument("--free-percent", type=float, required=True)
    parser.add_argument("--idle-minutes", type=float, required=True)
    given = parser.parse_args(arguments)
    limits = Limits(given.days * 86400, given.idle_minutes * 60, given.free_bytes, given.free_percent)
    for line in clean(given.folder, limits, time.time()):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

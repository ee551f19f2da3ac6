"""The folder that Jenkins gives a build: in use while it runs, and nobody else's.

A build works in a folder of its own below it, by its mark: so not even what is left of an earlier one, and cannot be
ended, works where it does.
"""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .. import namespaces, processes
from ..status import Ended, Status
from ..tidy import removed

# Below the workspace: each build's own folder.
BUILDS = ".pkgci"
# Seconds that an earlier build, which nobody waits for, has for its end before that is made by force.
PATIENCE = 15.0
LOCK_SECONDS = 10.0  # for whoever else has locked the workspace, once an earlier build was ended


@contextmanager
def in_use(workspace: Path, mark: str, say: Callable[[str], None] = print) -> Iterator[None]:
    """Tells the clean-up of workspaces, by a lock on the folder, that this one is in use; and since when.

    Raises ``Ended`` (infrastructure) where the build with this mark cannot use the folder.
    """
    try:
        handle = _claimed(workspace, mark, say)
    except OSError as error:
        raise Ended(Status.INFRASTRUCTURE, f"the workspace cannot be used: {error}") from None
    try:
        yield
        os.utime(handle)
    finally:
        os.close(handle)


def _claimed(workspace: Path, mark: str, say: Callable[[str], None]) -> int:
    """The folder, locked, until the descriptor is closed. Raises ``OSError``."""
    _usable(workspace, 0o755)
    handle = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if not _is_locked(handle):
            # The clean-up locks it for a moment; what an earlier build left may do so for ever.
            _end_earlier(_builds(workspace), mark, say)
            _wait_for_lock(handle, workspace)
        os.utime(handle)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _wait_for_lock(handle: int, workspace: Path) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while not _is_locked(handle):
        if time.monotonic() > deadline:
            raise BlockingIOError(f"another process keeps {workspace} locked: `lslocks` shows which")
        time.sleep(0.1)


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _usable(place: Path, mode: int) -> None:
    """Makes ``place`` a folder that this account may use, whatever a build has put there. Raises ``OSError``.

    A link is never followed: it may lead to the workspace of another job, whose build works there.
    """
    if place.is_symlink() or (place.exists() and not place.is_dir()):
        place.unlink()
    place.mkdir(mode, exist_ok=True)
    now = stat.S_IMODE(place.lstat().st_mode)
    if now & stat.S_IRWXU != stat.S_IRWXU:
        place.chmod(now | stat.S_IRWXU)


def _builds(workspace: Path) -> Path:
    """The folder in ``workspace`` of its builds' own ones. Raises ``OSError``."""
    builds = workspace / BUILDS
    _usable(builds, 0o700)
    return builds


def own_folder(workspace: Path, mark: str, say: Callable[[str], None] = print) -> Path:
    """A new folder in ``workspace`` for the build with this mark, and nobody else.

    Jenkins gives a workspace to one build at a time: what an earlier one still runs there is ended first, and waited
    for; then its folder goes. Raises ``OSError``.
    """
    builds = _builds(workspace)
    if stubborn := _end_earlier(builds, mark, say):
        say(f"an earlier build runs on, in its own folder: processes {' '.join(map(str, sorted(stubborn)))}")
    for left in () if stubborn else builds.iterdir():
        if not _is_gone(left):
            say(f"{left} of an earlier build could not be removed")
    own = builds / mark
    own.mkdir(mode=0o700)
    return own


def _end_earlier(builds: Path, mark: str, say: Callable[[str], None]) -> set[int]:
    """Ends what earlier builds run in ``builds``; what could not be ended."""
    marks = {folder.name for folder in builds.iterdir()} - {mark}
    us = {os.getpid(), *processes.above()}

    def earlier() -> set[int]:
        found = processes.marked(marks) | processes.working_in(builds)
        return (found | (processes.descendants(*found) if found else set())) - us

    if not (found := earlier()):
        return set()
    say(f"ending what an earlier build runs here: {len(found)} processes")
    for pid in found:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while earlier() and time.monotonic() < deadline:
        time.sleep(0.1)
    return processes.end(earlier)


def _is_gone(left: Path) -> bool:
    """Removes what an earlier build left, also what belongs to identities of namespaces; whether that worked."""
    try:
        removed(left)
    except OSError:
        with suppress(OSError):
            return namespaces.remove(left)
        return False
    return True


def emptied(folder: Path) -> Path:
    """``folder``, new and for nobody else. What was there goes, read-only or not. Raises ``OSError``."""
    if folder.is_symlink() or folder.exists():
        removed(folder)
    folder.mkdir(mode=0o700)
    return folder

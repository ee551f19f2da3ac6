"""Processes as the kernel lists them: who started whom, which of them belong to one build, and how they end."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROC = Path("/proc")
# The variable by which the processes of one build are found, whoever started them and whoever their parent is now.
MARK = "PKGCI_BUILD"
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, linux/prctl.h
_PATIENCE = 30.0  # seconds, for the kernel to end what was killed


def parents() -> dict[int, int]:
    """Every process, with its parent."""
    return {pid: parent for pid in _all() if (parent := _parent(pid)) is not None}


def descendants(*ancestors: int) -> set[int]:
    """Every process that one of ``ancestors`` (by default this one) started, or that was started by those."""
    children: dict[int, list[int]] = {}
    for pid, parent in parents().items():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    new = list(ancestors or (os.getpid(),))
    while new:
        new = [child for pid in new for child in children.get(pid, []) if child not in found]
        found.update(new)
    return found


def above() -> tuple[int, ...]:
    """The process that this one was started by, and those of this account that it, in turn, was started by.

    It changes when one of them ends: nobody waits for this process any more.
    """
    chain = [os.getppid()]
    while (pid := _parent(chain[-1])) is not None and pid > 1 and _owner(pid) == os.getuid():
        chain.append(pid)
    return tuple(chain)


def marked(marks: set[str]) -> set[int]:
    """Those whose environment says ``PKGCI_BUILD`` and one of ``marks``, as far as this account may read it."""
    wanted = {f"{MARK}={mark}".encode() for mark in marks}
    return {pid for pid in _all() if not wanted.isdisjoint(_environment(pid))}


def working_in(folder: Path) -> set[int]:
    """Those whose working directory is ``folder``, or below it."""
    place = folder.resolve()
    found = set()
    for pid in _all():
        with suppress(OSError):
            current = (PROC / str(pid) / "cwd").readlink()
            if current == place or place in current.parents:
                found.add(pid)
    return found


def end(find: Callable[[], set[int]], patience: float = _PATIENCE) -> set[int]:
    """Ends by force what ``find`` finds, until it finds nothing more; returns what does not end, or is not ours to end.

    Those that are this process's own children are reaped.
    """
    deadline = time.monotonic() + patience
    foreign: set[int] = set()
    while left := find() - foreign:
        if time.monotonic() > deadline:
            break
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except PermissionError:
                foreign.add(pid)
            except ProcessLookupError:
                pass
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.02)
    return left | foreign


def adopt() -> None:
    """From now on, those below whose parents end become this process's children: nobody gets away from it."""
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)


@contextmanager
def nothing_left() -> Iterator[None]:
    """Afterwards nothing runs any more that was started meanwhile, however it tried to get away."""
    adopt()
    before = descendants()
    try:
        yield
    finally:
        end(lambda: descendants() - before)


def _all() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int | None:
    try:
        # The name, in parentheses, may hold anything (proc_pid_stat(5)).
        return int((PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def _owner(pid: int) -> int | None:
    """The account that a process runs as. Its folder belongs to root where it once was root, as sshd's do."""
    try:
        text = (PROC / str(pid) / "status").read_text(errors="replace")
        return int(text.partition("\nUid:")[2].split()[1])
    except (OSError, IndexError):
        return None


def _environment(pid: int) -> set[bytes]:
    try:
        return set((PROC / str(pid) / "environ").read_bytes().split(b"\0"))
    except OSError:
        return set()

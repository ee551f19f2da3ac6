"""A program, started as root of new namespaces (users, mounts, processes): runs a command with a folder as its system.

    enter.py ROOT COMMAND…

The old root is let go of before the command starts: what runs in there has no way back. Both outputs become one.
It stands alone: it is run by its path, and imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

# linux/mount.h
_NOSUID, _NODEV, _NOEXEC, _BIND, _REC = 2, 4, 8, 4096, 16384
_DETACH = 2
# linux/prctl.h
_SET_PDEATHSIG = 1
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(what: str, status: int) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: Path, kind: str, flags: int = 0, options: str = "") -> None:
    """mount(2). Raises ``OSError``."""
    words = (source.encode(), str(target).encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _checked(f"mount {target}", _libc.mount(*words))


def _devices(folder: Path) -> None:
    mount("tmpfs", folder, "tmpfs", _NOSUID, "mode=755,size=64m")
    for name in _DEVICES:
        (folder / name).touch()
        mount(f"/dev/{name}", folder / name, "", _BIND)
    for name in ("pts", "shm"):
        (folder / name).mkdir()
    mount("devpts", folder / "pts", "devpts", _NOSUID | _NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    mount("tmpfs", folder / "shm", "tmpfs", _NOSUID | _NODEV, "size=64m")
    for name, target in (("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (folder / name).symlink_to(target)


def enter(root: Path) -> None:
    """Makes ``root`` this process' system, which ends with its parent. Raises ``OSError``."""
    # As `unshare --kill-child` asked for, too; by a change of the user id, the kernel forgets it.
    _checked("prctl", _libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    mount(str(root), root, "", _BIND | _REC)
    mount("proc", root / "proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    # A network of its own is needed for it; a package can do without.
    with suppress(OSError):
        mount("sysfs", root / "sys", "sysfs", _NOSUID | _NODEV | _NOEXEC)
    _devices(root / "dev")
    os.chdir(root)
    _checked("pivot_root", _libc.pivot_root(b".", b"."))
    _checked("umount", _libc.umount2(b".", _DETACH))
    os.chdir("/")


def main() -> None:
    """Becomes the command, or ends with status 125."""
    try:
        os.dup2(1, 2)
        enter(Path(sys.argv[1]))
        os.umask(0o022)
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 (no shell is the point)
    except OSError as error:
        print(f"{sys.argv[1]} cannot be entered: {error}", flush=True)
        os._exit(125)


if __name__ == "__main__":
    main()

"""A program, started as root of new namespaces (users, mounts, processes): runs a command with a folder as its system.

    enter.py ROOT COMMAND…

The old root is let go of before the command starts: what runs in there has no way back. Both outputs become one.
It stands alone: it is run by its path, and imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path

# linux/mount.h
_NOSUID, _NODEV, _NOEXEC, _BIND, _REC = 2, 4, 8, 4096, 16384
_DETACH = 2
# linux/prctl.h
_SET_PDEATHSIG = 1
# linux/sockios.h, linux/if.h
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1
_IDS = Path("/proc/self/uid_map")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(what: str, status: int) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def require_namespace() -> None:
    """Raises ``OSError`` for the root of the host itself: the host's own file systems would become others."""
    # There all ids are themselves (user_namespaces(7)).
    if _IDS.read_text().split() == ["0", "0", "4294967295"]:
        raise PermissionError("this is the host's own root, and not that of a user namespace")


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


def _loopback() -> None:
    """Lets programs of a network namespace of its own talk to each other. In the host's, nobody here may do it."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name = b"lo".ljust(16, b"\0")
        answer = fcntl.ioctl(any_socket, _GET_FLAGS, name + bytes(24))
        (flags,) = struct.unpack_from("H", answer, 16)
        fcntl.ioctl(any_socket, _SET_FLAGS, name + struct.pack("H", flags | _UP).ljust(24, b"\0"))


def enter(root: Path) -> None:
    """Makes ``root`` this process' system, which ends with its parent. Raises ``OSError``."""
    require_namespace()
    # Without a mount namespace of its own, root would take its whole host along.
    if os.getpid() != 1:
        raise OSError(errno.EPERM, "this is not the first process of namespaces of its own (unshare --pid --fork)")
    _loopback()
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

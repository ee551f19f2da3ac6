"""A program, started as PID 1 and root of namespaces of its own: makes a folder its system, and becomes systemd.

python3 -m pkgci_steps.systest.boot ROOT
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

from ..install import enter

HOSTNAME = "systest"
# linux/mount.h
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND = 1, 2, 4, 8, 32, 4096
# linux/prctl.h, linux/capability.h: what only the kernel's own machine has. Units that need one see it, and stay out.
_CAPBSET_DROP = 24
_DROPPED = {"SYS_MODULE": 16, "SYS_RAWIO": 17, "SYS_TIME": 25, "MKNOD": 27, "AUDIT_CONTROL": 30, "SYSLOG": 34}
_DROPPED_TOO = {"WAKE_ALARM": 35, "BLOCK_SUSPEND": 36, "AUDIT_READ": 37}

# The kernel lets nobody mount another /sys or /proc in a namespace where no whole one is to be seen any more: `ip netns
# exec` takes the one away before it mounts its own. These stay.
_WHOLE = Path("/dev/.pkgci")

_libc = ctypes.CDLL(None, use_errno=True)


def _mounts() -> None:
    enter.mount("tmpfs", Path("/run"), "tmpfs", _NOSUID | _NODEV, "mode=755")
    for kind in ("proc", "sysfs"):
        place = _WHOLE / kind
        place.mkdir(parents=True)
        with suppress(OSError):
            enter.mount(kind, place, kind, _NOSUID | _NODEV | _NOEXEC)
    sysfs = Path("/sys")
    if not (sysfs / "kernel").is_dir():
        # A host that hides part of its own /sys lets nobody mount another.
        enter.mount("tmpfs", sysfs, "tmpfs", _NOSUID | _NODEV | _NOEXEC, "mode=755")
        (sysfs / "fs/cgroup").mkdir(parents=True)
    enter.mount("cgroup2", sysfs / "fs/cgroup", "cgroup2", _NOSUID | _NODEV | _NOEXEC)
    # By this, udev knows that devices are not its business.
    enter.mount("", sysfs, "", _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV | _NOEXEC)


def main() -> None:
    """Becomes systemd, or ends with status 125."""
    try:
        enter.enter(Path(sys.argv[1]))
        _mounts()
        socket.sethostname(HOSTNAME)
        os.umask(0o022)
        for number in (*_DROPPED.values(), *_DROPPED_TOO.values()):
            _libc.prctl(_CAPBSET_DROP, number, 0, 0, 0)
        # systemd knows by this word that it is in a container (systemd.io, "Container Interface").
        environment = {"container": "pkgci", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        os.execve("/lib/systemd/systemd", ["/lib/systemd/systemd", "--system"], environment)  # noqa: S606
    except OSError as error:
        print(f"{sys.argv[1]} cannot be booted: {error}", flush=True)
        os._exit(125)


if __name__ == "__main__":
    main()

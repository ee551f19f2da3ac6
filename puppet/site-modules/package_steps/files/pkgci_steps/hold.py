"""A program, started as root of new namespaces (users, mounts): puts a layer on folders that it only reads, and waits.

    hold.py FOLDER LOWER…

FOLDER/root is then a system with all that is in LOWER (the uppermost first); changes to it lie in FOLDER/upper. It is
there for whoever enters these namespaces, until this program's standard input ends: there LOWER itself, which is owned
by the same root, is read-only. It stands alone: it is run by its path, and imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

# What it says, once: MOUNTED, or REFUSED and why.
MOUNTED, REFUSED = "mounted", "refused"

# linux/mount.h
_RDONLY, _REMOUNT, _BIND = 1, 32, 4096
# What the folder's own mount forbids (nosuid, nodev, noexec), and nobody in here may allow: also flags of mount(2).
_FORBIDDEN = os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC

_libc = ctypes.CDLL(None, use_errno=True)


def options(folder: Path, lower: list[str]) -> str:
    """What overlayfs is told (Documentation/filesystems/overlayfs.rst). ``userxattr``: no more is ours to write."""
    return f"userxattr,lowerdir={':'.join(lower)},upperdir={folder}/upper,workdir={folder}/work"


def mount(folder: Path, lower: list[str]) -> str:
    """Makes and mounts FOLDER/root; returns '', or why the kernel refused."""
    for name in ("root", "upper", "work"):
        (folder / name).mkdir()
    # The root of a system is its owner's, and everybody's to read.
    (folder / "upper").chmod(0o755)
    refused = _mount("pkgci", str(folder / "root"), "overlay", 0, options(folder, lower))
    for one in lower:
        # Whoever works with what a change brings could be led to write there; where this cannot be, it stays as it is.
        if not _mount(one, one, "", _BIND):
            _mount("", one, "", _REMOUNT | _BIND | _RDONLY | (os.statvfs(one).f_flag & _FORBIDDEN))
    return refused


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> str:
    words = (source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode())
    return "" if _libc.mount(*words) == 0 else os.strerror(ctypes.get_errno())


def main() -> None:
    """Says how it went, and waits."""
    os.umask(0o022)
    refused = mount(Path(sys.argv[1]), sys.argv[2:])
    print(f"{REFUSED} {refused}" if refused else MOUNTED, flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()

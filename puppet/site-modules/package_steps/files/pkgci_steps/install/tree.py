"""What is in a system's folders, before and after.

Run as a program (by its path, as root of the namespace that owns the files), it lists a folder: `tree.py ROOT`. It
stands alone, and imports nothing of ours.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

# What the package managers themselves, and the system at large, write: nobody's leftovers.
IGNORED = re.compile(
    r"/(dev|proc|sys|run|tmp|var/tmp|var/run)(/.*)?"
    r"|/var/(cache|log)/(apt|dnf|debconf|ldconfig|man|fontconfig)(/.*)?"
    r"|/var/lib/(apt|dpkg|dnf|rpm|pam|systemd|ucf|ca-certificates|python|cache)(/.*)?"
    r"|/usr/lib/sysimage(/.*)?"
    r"|/var/log/(alternatives|bootstrap|dpkg|faillog|lastlog|wtmp|btmp|hawkey|dnf.*)(\.log)?(\.[0-9]+)?"
    r"|/etc/(ld\.so\.cache|passwd|shadow|group|gshadow|subuid|subgid)-?"
    r"|/etc/(machine-id|mtab|resolv\.conf|hosts|hostname|\.pwd\.lock|\.updated)|/var/\.updated"
    r"|/etc/systemd/system/(multi-user|timers|sockets|graphical|default|basic|sysinit)\.target\.wants"
    r"|/etc/apt/sources\.list\.d/pkgci-.*|/etc/pkgci(/.*)?|/root/\.gnupg(/.*)?"
    r"|/usr/share/(info/dir|mime/.*|applications/mimeinfo\.cache|icons/.*/icon-theme\.cache)"
    r"|.*/__pycache__"
)

# Path → what there is: its kind, mode and owner, and for a file its checksum, for a link its target.
Tree = Mapping[str, str]


def walk(root: Path) -> Iterator[tuple[str, str]]:
    """Every path below ``root``, as it is called in there, with what is there."""
    for folder, names, files in os.walk(root):
        inside = folder[len(str(root)) :]
        names[:] = [name for name in names if f"{inside}/{name}" not in ("/dev", "/proc", "/sys")]
        for name in sorted([*names, *files]):
            path = f"{inside}/{name}"
            if not IGNORED.fullmatch(path):
                yield path, _described(Path(folder, name))


def _described(path: Path) -> str:
    status = path.lstat()
    owner = f"{stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid}"
    if stat.S_ISLNK(status.st_mode):
        return f"link to {path.readlink()}"
    if stat.S_ISREG(status.st_mode):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            digest = hashlib.sha256()
            while piece := file.read(1 << 20):
                digest.update(piece)
        return f"{owner} {digest.hexdigest()}"
    return owner


def leftovers(before: Tree, after: Tree, owned: Iterable[str] = ()) -> list[str]:
    """What differs, a line each. What came and went with other packages that are there now (``owned``: paths) does not
    count."""
    others = set(owned)
    lines = []
    for path in sorted({*before, *after}):
        if path not in before:
            # A new folder stands for all that is in it.
            if path not in others and (path.count("/") == 1 or path.rpartition("/")[0] in before):
                lines.append(f"{path} is left behind")
        elif path not in after:
            if path not in others:
                lines.append(f"{path} is gone")
        elif before[path] != after[path]:
            lines.append(f"{path} is changed")
    return lines


if __name__ == "__main__":
    json.dump(dict(walk(Path(sys.argv[1]))), sys.stdout)

"""What is in a system's folders, before and after.

Run as a program (by its path, as root of the namespace that owns the files) it lists a folder: `tree.py ROOT [SUMS]`.
`tree.py --sums ROOT` prints the SUMS of a system that nobody touches any more: checksums that need not be made again.
It stands alone, and imports nothing of ours.
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
# Path → the time of the last change of a file (of its inode, in ns), and its checksum.
Sums = Mapping[str, tuple[int, str]]


def walk(root: Path, sums: Sums) -> Iterator[tuple[str, str]]:
    """Every path below ``root``, as it is called in there, with what is there."""
    for path in paths(root):
        if not IGNORED.fullmatch(path):
            yield path, _described(path, root, sums)


def paths(root: Path) -> Iterator[str]:
    """Every path below ``root``, but for those that are the kernel's."""
    for folder, names, files in os.walk(root):
        inside = folder[len(str(root)) :]
        names[:] = [name for name in names if f"{inside}/{name}" not in ("/dev", "/proc", "/sys")]
        for name in sorted([*names, *files]):
            yield f"{inside}/{name}"


def sums(root: Path) -> Sums:
    """The checksums of the files below ``root``."""
    found = {}
    for path in paths(root):
        file = Path(f"{root}{path}")
        status = file.lstat()
        if stat.S_ISREG(status.st_mode) and not IGNORED.fullmatch(path):
            found[path] = (status.st_ctime_ns, _checksum(file))
    return found


def _described(path: str, root: Path, sums: Sums) -> str:
    file = Path(f"{root}{path}")
    status = file.lstat()
    owner = f"{stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid}"
    if stat.S_ISLNK(status.st_mode):
        return f"link to {file.readlink()}"
    if stat.S_ISREG(status.st_mode):
        changed, known = sums.get(path, (0, ""))
        # Nobody can give a file an earlier time of its last change than that of now.
        return f"{owner} {known if changed == status.st_ctime_ns else _checksum(file)}"
    return owner


def _checksum(file: Path) -> str:
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as opened:
        digest = hashlib.sha256()
        while piece := opened.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


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


def main() -> None:
    """The program."""
    if sys.argv[1] == "--sums":
        json.dump(sums(Path(sys.argv[2])), sys.stdout)
        return
    known: dict[str, tuple[int, str]] = {}
    if len(sys.argv) > 2:
        known = {path: (one[0], one[1]) for path, one in json.loads(Path(sys.argv[2]).read_text()).items()}
    json.dump(dict(walk(Path(sys.argv[1]), known)), sys.stdout)


if __name__ == "__main__":
    main()

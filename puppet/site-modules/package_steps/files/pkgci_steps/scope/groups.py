"""Where the kernel shows a process' control groups, in version 2 and in version 1, and what it counted there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

MOUNTED = Path("/sys/fs/cgroup")
# The hierarchy of version 2, which is there beside those of version 1, too ("hybrid").
UNIFIED = "unified"


def folders(text: str, mounted: Path = MOUNTED) -> dict[str, Path]:
    """Controller → the folder of the group, from the ``text`` of /proc/PID/cgroup. systemd's own is among them."""
    found: dict[str, Path] = {}
    for line in text.splitlines():
        _, names, path = line.split(":", 2)
        place = _hierarchy(names, mounted) / path.lstrip("/")
        found |= {name.removeprefix("name=") or UNIFIED: place for name in names.split(",")}
    return found


def _hierarchy(names: str, mounted: Path) -> Path:
    if names:
        return mounted / names.removeprefix("name=")
    hybrid = mounted / UNIFIED
    return hybrid if hybrid.is_dir() else mounted


def controller(found: dict[str, Path], name: str) -> Path | None:
    """The folder where ``name`` is enforced. None: nowhere."""
    if name in found:
        return found[name]
    place = found.get(UNIFIED)
    with suppress(OSError):
        if place and name in (place / "cgroup.controllers").read_text().split():
            return place
    return None


def counted(folder: Path, files: tuple[str, ...], word: str) -> int:
    """The number after ``word`` in the first of the ``files`` that is there."""
    for name in files:
        with suppress(OSError, ValueError, StopIteration):
            lines = (line.split() for line in (folder / name).read_text().splitlines())
            return int(next(line[1] for line in lines if line[0] == word))
    return 0


def number(folder: Path, *files: str) -> int | None:
    """The number in the first of the ``files`` that is there."""
    for name in files:
        with suppress(OSError, ValueError):
            return int((folder / name).read_text())
    return None


def members(folder: Path) -> set[int]:
    """The processes in ``folder``, and in the groups below it."""
    found: set[int] = set()
    for file in (folder / "cgroup.procs", *folder.glob("**/cgroup.procs")):
        with suppress(OSError, ValueError):
            # 0 is a process that this namespace does not see.
            found.update(pid for pid in map(int, file.read_text().split()) if pid)
    return found

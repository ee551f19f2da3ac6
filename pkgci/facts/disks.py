"""Where a host keeps its data: file systems, and the folder of temporary files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pkgci.facts.fact import Answers, Fact

_FOLDER = "/tmp"  # noqa: S108 - not ours: every program's on the host


@dataclass(frozen=True)
class Disk:
    """The file system in which ``path`` lies: its mount point, its size and its free space in GB (powers of ten), and
    how many percent of it are used."""

    path: str
    mount: str
    size_gb: float
    free_gb: float
    percent: int = 0


class Disks(Fact[tuple[Disk, ...]]):
    """The file system of each path, or of its nearest parent that is there."""

    program = "disks"

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = tuple(dict.fromkeys(paths))

    def settings(self) -> Mapping[str, Iterable[str]]:
        """The paths."""
        return {"PATHS": self._paths}

    def read(self, answers: Answers) -> tuple[Disk, ...]:
        """In the order of the paths."""
        return tuple(_disk(value) for value in answers.all("disk"))


def _disk(value: str) -> Disk:
    path, size, free, percent, mount = value.split(maxsplit=4)
    used = percent.rstrip("%")
    return Disk(path, mount, int(size) * 1.024e-6, int(free) * 1.024e-6, int(used) if used.isdecimal() else 0)


@dataclass(frozen=True)
class Temporary:
    """The folder of temporary files. ``problem`` says why no program can write there; '' where it can.

    ``executes``: programs that are put there run (a mount may forbid it: noexec).
    """

    problem: str = ""
    executes: bool = True

    @property
    def as_words(self) -> str:
        """What is wrong with it; '' where nothing is."""
        return self.problem or ("" if self.executes else f"{_FOLDER} is mounted noexec: no program runs from there")

    @property
    def hint(self) -> str:
        """What to look at."""
        return f"on the host: `findmnt -T {_FOLDER}; df {_FOLDER}; df -i {_FOLDER}`"


class TemporaryFact(Fact[Temporary]):
    """Whether programs can write in the folder of temporary files, and run from there."""

    program = "temporary"

    def read(self, answers: Answers) -> Temporary:
        """The kernel's own words where they are none of the usual ones."""
        refusal = answers.one("temporary_refusal")
        if refusal:
            inodes = answers.number("temporary_inodes")
            return Temporary(_words(refusal, inodes), executes=False)
        return Temporary(executes="temporary_noexec" not in answers)


def _words(refusal: str, inodes: int | None) -> str:
    if "Read-only file system" in refusal:
        return f"{_FOLDER} is read-only"
    if "No space left" in refusal:
        return f"{_FOLDER} has no free inodes" if inodes == 0 else f"{_FOLDER} is full"
    if "quota" in refusal:
        return f"{_FOLDER} is full: the quota is used up"
    if "No such file" in refusal:
        return f"there is no {_FOLDER}"
    return f"{_FOLDER} cannot be written: {refusal.rpartition(': ')[2]}"

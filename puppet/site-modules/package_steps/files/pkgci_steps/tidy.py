"""What is left over on a slave: packages that were fetched long ago, and folders whose program was killed."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

# How long packages wait to be fetched, in days. What is published is published from what was fetched.
DAYS = 3
# In seconds: between making a folder and claiming it, and for what nobody claims, longer than any job takes.
_GRACE, _UNCLAIMED = 60.0, 86400.0


def removed(place: Path) -> None:
    """Removes a file, or a folder with what is in it, read-only or not. Raises ``OSError``.

    A change may nest folders deeper than Python can follow: programs do it that do not recurse.
    """
    if place.is_symlink() or not place.is_dir():
        place.unlink()
        return
    subprocess.run(["/bin/chmod", "-R", "u+rwX", "--", place], stderr=subprocess.DEVNULL, check=False)
    command = ["/bin/rm", "-rf", "--one-file-system", "--", str(place)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        complaints = cast(BinaryIO, process.stderr)
        first = complaints.readline(500).decode(errors="replace").strip()
        while complaints.read(65536):
            pass
    if process.returncode != 0:
        raise OSError(errno.ENOTEMPTY, first or f"rm ended with status {process.returncode}", str(place))


def forget_builds(builds: Path, now: float) -> list[Path]:
    """Removes what lies in ``builds`` for longer than ``DAYS`` at the time ``now``; returns what was removed."""
    limit = now - DAYS * 86400
    places = [*builds.glob("*/*"), *builds.glob(".new-*")]
    gone = [place for place in places if place.is_dir() and place.stat().st_mtime < limit]
    for place in gone:
        shutil.rmtree(place, ignore_errors=True)
    for place in builds.glob("*"):
        with suppress(OSError):  # there are builds in it
            place.rmdir()
    return gone


def claim(folder: Path) -> int:
    """Shows that somebody works in ``folder``, until the descriptor that it returns is closed."""
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def abandoned(above: Path) -> list[Path]:
    """The working folders in ``above`` whose programs are gone."""
    claimed = [folder for folder in above.glob(".work-*") if _age(folder) > _GRACE and _is_free(folder)]
    return claimed + [folder for folder in above.glob("pkgci-*") if _age(folder) > _UNCLAIMED]


def _age(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_ctime
    except OSError:
        return 0.0


def _is_free(folder: Path) -> bool:
    with held_alone(folder) as alone:
        return alone


@contextmanager
def held_alone(folder: Path) -> Iterator[bool]:
    """Keeps others from claiming ``folder`` until the end; whether that was to be had: nobody works in it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        alone = True
    except BlockingIOError:
        alone = False
    try:
        yield alone
    finally:
        os.close(descriptor)

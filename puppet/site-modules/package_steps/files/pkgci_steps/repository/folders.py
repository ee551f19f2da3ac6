"""Folders that appear and go as a whole, also where a machine stops in the middle."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from ..files import replacing

# Another disk; no second names there at all, in words of several file systems; and too many names already.
_NO_SECOND_NAME = (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)
# What is being made; whatever is called so and is not locked was left behind.
ASIDE = ".new-"


def aside(parent: Path) -> Path:
    """A new folder to make something in, below ``parent``, that everybody may read."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=ASIDE, dir=parent))
    folder.chmod(0o755)
    return folder


def link(path: Path, target: str) -> None:
    """Makes ``path`` a link to ``target``, in place of the link that it may be."""
    with replacing(path) as new:
        new.symlink_to(target)


def share(source: Path, copy: Path) -> None:
    """The same file under another name, where nobody looks yet. Neither is ever written to again.

    Where two names for a file are not to be had (another disk, a file system without them) it is a copy.
    """
    copy.parent.mkdir(parents=True, exist_ok=True)
    if copy.exists():
        return
    try:
        os.link(source, copy)
    except OSError as error:
        if error.errno not in _NO_SECOND_NAME:
            raise
        shutil.copyfile(source, copy)


def appear(aside: Path, place: Path) -> None:
    """Lets a finished folder be at ``place``, once all of it is on the disk: a machine may stop at any moment."""
    for folder, _, names in os.walk(aside):
        for name in names:
            if not Path(folder, name).is_symlink():
                _sync(Path(folder, name))
        _sync(Path(folder))
    aside.rename(place)
    _sync(place.parent)


def remove(folder: Path) -> None:
    """Removes a folder: at once from where it was, then in peace."""
    gone = folder.with_name(f"{ASIDE}gone-{folder.name}")
    if folder.exists():
        if gone.exists():
            shutil.rmtree(gone)
        folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Removes what was left behind in ``parent``."""
    for folder in parent.glob(f"{ASIDE}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

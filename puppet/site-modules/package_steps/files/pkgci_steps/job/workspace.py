"""The folder that Jenkins gives a build: in use while it runs, and empty of what an earlier build left."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def in_use(workspace: Path) -> Iterator[None]:
    """Tells the clean-up of workspaces, by a lock on the folder, that this one is in use; and since when."""
    handle = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        os.utime(handle)
        yield
        os.utime(handle)
    finally:
        os.close(handle)


def emptied(folder: Path) -> Path:
    """``folder``, new and for nobody else. What an earlier build left there goes, read-only or not."""
    if folder.is_symlink():
        folder.unlink()
    if folder.exists():
        folder.chmod(0o700)
        for path, folders, _files in os.walk(folder):
            for inner in (Path(path, name) for name in folders):
                if not inner.is_symlink():
                    inner.chmod(0o700)
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    return folder

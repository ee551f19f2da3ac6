"""Folders, and where the operator's own are."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Creates ``folder`` and those above it where they are missing; whatever the umask, only their owner may write."""
    if not folder.is_dir():
        make_folder(folder.parent)
        try:
            folder.mkdir(0o755, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None


def home() -> Path | None:
    """The home of the operator; None for a user that has neither HOME nor an entry in the user database."""
    try:
        return Path.home()
    except RuntimeError:
        return None

"""Room on a disk: asked before anything is written to it that somebody else has made."""

from __future__ import annotations

import os
from pathlib import Path

from ..status import Ended, Status

_MEGABYTE = 1_000_000
# What is left to everything else of the host: megabytes, and names of files.
_REST_MB, _REST_FILES = 500, 10_000


def check(folder: Path, size: int, copies: int = 1) -> None:
    """Raises ``Ended`` (infrastructure) where ``folder`` has no room for ``size`` bytes, ``copies`` times."""
    while not folder.exists():
        folder = folder.parent
    there = os.statvfs(folder)
    free, wanted = there.f_bavail * there.f_frsize, size * copies
    if free < wanted + _REST_MB * _MEGABYTE:
        raise Ended(
            Status.INFRASTRUCTURE,
            f"{folder} has {free // _MEGABYTE} MB left, and {wanted // _MEGABYTE} MB and {_REST_MB} MB more are "
            "needed: remove what nobody needs, or give it a larger disk",
        )
    if there.f_files and there.f_favail < _REST_FILES:
        raise Ended(
            Status.INFRASTRUCTURE, f"{folder} has room for {there.f_favail} files only: remove what nobody needs"
        )

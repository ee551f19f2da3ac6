"""What a build leaves for the publisher: complete, by one rename, for a few days."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from ..step import JUNIT, LOG, RESULT


def hand_over(results: Path, builds: Path) -> Path:
    """Copies what ``results`` has of a build to BUILDS/<build id>/<target>, in place of what is there.

    Raises ``OSError``.
    """
    result = json.loads((results / RESULT).read_text())
    place = builds / str(result["build_id"]) / str(result["target"])
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=builds))
    try:
        for name in (*(file["name"] for file in result["files"]), LOG, JUNIT, RESULT):
            shutil.copyfile(results / name, new / name)
            (new / name).chmod(0o644)
        new.chmod(0o755)
        _put(new, place)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return place


def _put(new: Path, place: Path, attempts: int = 50) -> None:
    """Renames ``new`` to ``place``, also where others do the same, or tidy up, at this moment."""
    old = new.with_name(f"{new.name}.old")
    for attempt in range(attempts):
        place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            place.rename(old)
        try:
            new.rename(place)
            return
        except OSError:
            if attempt == attempts - 1:
                raise
        finally:
            shutil.rmtree(old, ignore_errors=True)

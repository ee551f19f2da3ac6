"""What a build leaves for the publisher: complete, by one rename, for a few days."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from ..step import JUNIT, LOG, RESULT


def hand_over(results: Path, builds: Path) -> Path:
    """Copies what ``results`` has of a build to BUILDS/<build id>/<target>, in place of what is there.

    Raises ``OSError``.
    """
    result = json.loads((results / RESULT).read_text())
    place = builds / str(result["build_id"]) / str(result["target"])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.parent.chmod(0o755)
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=builds))
    old = new.with_name(f"{new.name}.old")
    try:
        for name in (*(file["name"] for file in result["files"]), LOG, JUNIT, RESULT):
            shutil.copyfile(results / name, new / name)
            (new / name).chmod(0o644)
        new.chmod(0o755)
        if place.exists():
            place.rename(old)
        new.rename(place)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return place

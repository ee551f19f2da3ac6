"""What a step leaves: its result, which is read, and its files, of which so many go to the log server."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..step import LOG, RESULT

# What goes to the log server, in bytes, and in files. Packages are in the review repository as well.
SIZE_LIMIT = 500 * 1000 * 1000
COUNT_LIMIT = 500
_RESULT_LIMIT = 4 * 1024 * 1024  # bytes of a result.json
_PIECE = 1 << 20  # bytes
ARTIFACTS = "artifacts"
# A path that a file may have there: whatever packages and logs are called, but nothing hidden, and no option.
_NAME = r"[A-Za-z0-9_+][A-Za-z0-9._+~^%@=,:&#()-]{0,250}"
_PATH = rf"{_NAME}(/{_NAME})*"
# The step's log is in the job's, and the job writes a result of its own.
_NOT_COPIED = (RESULT, LOG, "console.txt", "job.json")


@dataclass
class Kept:
    """Files for the log server: ``files`` with their sizes in bytes, and the names of those that were too much, or have
    a name that no file has there."""

    files: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_result(folder: Path) -> dict[str, Any] | None:
    """The step's result.json; None where there is no such document."""
    try:
        with (folder / RESULT).open("rb") as file:
            document = json.loads(file.read(_RESULT_LIMIT))
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def collect(results: Path, document: Mapping[str, Any] | None, upload: Path) -> Kept:
    """Copies a step's files to ``upload``: its packages, which its result names, below artifacts/, last and by size.

    Each file is copied, or named as left out.
    """
    packages = _packages(document or {})
    found = sorted(
        _files(results), key=lambda file: (str(file.relative_to(results)) in packages, file.stat().st_size, file)
    )
    kept, left = Kept(), SIZE_LIMIT
    for file in found:
        name = str(file.relative_to(results))
        size = file.stat().st_size
        if size > left or len(kept.files) >= COUNT_LIMIT or not re.fullmatch(_PATH, name):
            if len(kept.left_out) < COUNT_LIMIT:
                kept.left_out.append(ascii(name)[1:-1][:300])
            continue
        name = f"{ARTIFACTS}/{name}" if name in packages else name
        (upload / name).parent.mkdir(parents=True, exist_ok=True)
        size = _copy(file, upload / name, left)
        left -= size
        kept.files.append({"name": name, "size": size})
    return kept


def _copy(file: Path, to: Path, limit: int) -> int:
    """Copies at most so many bytes; how many it were. Raises ``OSError`` where a link has taken the file's place."""
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as source, to.open("xb") as target:
        while limit - target.tell() and (piece := source.read(min(_PIECE, limit - target.tell()))):
            target.write(piece)
        return target.tell()


def _packages(document: Mapping[str, Any]) -> set[str]:
    files = document.get("files")
    if not isinstance(files, list):
        return set()
    return {str(item["name"]) for item in files if isinstance(item, dict) and "name" in item}


def _files(folder: Path) -> Iterator[Path]:
    """Plain files: no links, and nothing that waits for somebody to write into it."""
    for path, _, names in os.walk(folder):
        for name in names:
            file = Path(path, name)
            if str(file.relative_to(folder)) not in _NOT_COPIED and file.is_file() and not file.is_symlink():
                yield file

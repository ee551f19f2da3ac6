"""What is known of a build: read from what its host sent, as words to show and nothing else."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .store import CONSOLE, JOB, RESULT, BuildPath

_DOCUMENT_LIMIT = 4 * 1024 * 1024  # bytes of a result.json
_WORDS_LIMIT = 500  # characters of one value
# A build without a result whose job was not heard of for so long has lost its host, in seconds. A job says every
# quarter of a minute that it is still there (pkgci_steps/job/streaming.py).
LOST = 180.0
STATUSES = ("passed", "failed", "misused", "infrastructure", "skipped", "aborted")


@dataclass(frozen=True)
class Build:
    """``status`` is one of STATUSES, running, or lost. Times are seconds since 1970; ``seconds`` is what it took."""

    path: BuildPath
    status: str
    reason: str
    project: str
    target: str
    node: str
    started: float
    seconds: float | None
    heard: float


def read_build(logs: Path, path: BuildPath, now: float | None = None) -> Build:
    """What is known of the build at ``path``."""
    folder = logs / path.text
    result = _document(folder / RESULT)
    job = result if result is not None else _document(folder / JOB) or {}
    heard = max(_changed(folder / name) for name in (CONSOLE, RESULT, "."))
    seconds = job.get("duration")
    if result is None:
        status = "lost" if (time.time() if now is None else now) - heard > LOST else "running"
    else:
        status = _word(result, "status")
    return Build(
        path=path,
        status=status if status in (*STATUSES, "running", "lost") else "unknown",
        reason=_word(job, "reason"),
        project=_word(job, "project"),
        target=_word(job, "target"),
        node=_word(job, "node"),
        started=min(_time(_word(job, "started")) or heard, heard),
        seconds=float(seconds) if isinstance(seconds, (int, float)) and 0 <= seconds < 1e7 else None,
        heard=heard,
    )


def _document(path: Path) -> dict[str, Any] | None:
    """A JSON object; {} for what is none; None where there is no such file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        try:
            document = json.loads(file.read(_DOCUMENT_LIMIT))
        except (OSError, ValueError, RecursionError):
            return {}
    return document if isinstance(document, dict) else {}


def _word(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    return value[:_WORDS_LIMIT] if isinstance(value, str) else ""


def _time(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _changed(path: Path) -> float:
    """When something of it changed here. Unlike the time of modification, nobody can send this one."""
    try:
        return path.lstat().st_ctime
    except OSError:
        return 0.0

"""What is known of a build: read from what its host sent, as words to show and nothing else.

Of a build that has ended these words are written down once, for a page shows hundreds of builds, and a result is as
large as whoever sent it liked.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .files import write
from .store import CONSOLE, JOB, RESULT, BuildPath, Store
from .text import legible

_DOCUMENT_LIMIT = 4 * 1024 * 1024  # bytes of a result.json
_WORDS_LIMIT = 500  # characters of one value
# A build without a result whose job was not heard of for so long has lost its host, in seconds. A job says every
# quarter of a minute that it is still there (pkgci_steps/job/streaming.py).
LOST = 180.0
STATUSES = ("passed", "failed", "misused", "infrastructure", "skipped", "aborted")
_WORDS = ("status", "reason", "project", "target", "node", "started")


@dataclass(frozen=True)
class Build:
    """``status`` is one of STATUSES, running, lost, unknown (its result is none), or unreadable.

    Times are seconds since 1970; ``seconds`` is what it took.
    """

    path: BuildPath
    status: str
    reason: str = ""
    project: str = ""
    target: str = ""
    node: str = ""
    started: float = 0.0
    seconds: float | None = None
    heard: float = 0.0


def read_build(store: Store, path: BuildPath, now: float | None = None) -> Build:
    """What is known of the build at ``path``. Whatever it sent, it spoils no page but its own."""
    try:
        return _read(store, path, time.time() if now is None else now)
    except Exception as error:
        return Build(path, "unreadable", legible(f"what it sent cannot be read: {type(error).__name__}", _WORDS_LIMIT))


def _read(store: Store, path: BuildPath, now: float) -> Build:
    folder = store.logs / path.text
    heard = max(_changed(folder / name) for name in (CONSOLE, RESULT, "."))
    known = _known(store, path)
    job = known if known is not None else _words(_document(folder / JOB) or {})
    if known is None:
        status = "lost" if now - heard > LOST else "running"
    else:
        status = known["status"] if known["status"] in STATUSES else "unknown"
    return Build(
        path=path,
        status=status,
        reason=job["reason"],
        project=job["project"],
        target=job["target"],
        node=job["node"],
        started=min(_time(job["started"]) or heard, heard),
        seconds=job["duration"],
        heard=heard,
    )


def _known(store: Store, path: BuildPath) -> dict[str, Any] | None:
    """The words of its result, written down where they are not yet; None where there is no result."""
    file = store.known / f"{path.text}.json"
    if (known := _document(file)) is not None:
        return _words(known)
    if (result := _document(store.logs / path.text / RESULT)) is None:
        return None
    words = _words(result)
    with suppress(OSError):  # a full disk: it is read again the next time
        write(file, json.dumps(words))
    return words


def _document(path: Path) -> dict[str, Any] | None:
    """A JSON object; {} for what is none; None where there is no such file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        try:
            document = json.loads(file.read(_DOCUMENT_LIMIT).decode("utf-8", errors="replace"))
        except (OSError, ValueError, RecursionError):
            return {}
    return document if isinstance(document, dict) else {}


def _words(document: dict[str, Any]) -> dict[str, Any]:
    """What pages show of a document, each a text of some characters, or '' where it says nothing."""
    words: dict[str, Any] = {}
    for name in _WORDS:
        value = document.get(name)
        words[name] = legible(value, _WORDS_LIMIT) if isinstance(value, str) else ""
    seconds = document.get("duration")
    words["duration"] = float(seconds) if isinstance(seconds, (int, float)) and 0 <= seconds < 1e7 else None
    return words


def _time(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _changed(path: Path) -> float:
    """When something of it changed here. Unlike the time of modification, nobody can send this one."""
    try:
        return path.lstat().st_ctime
    except OSError:
        return 0.0

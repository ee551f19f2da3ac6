"""Whether two builds of one commit give the same files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

# These tell of the build itself: when and with what it was done.
_ABOUT_THE_BUILD = (".buildinfo", ".changes")


def earlier(builds: Path, words: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The result of the latest build in ``builds`` with these ``words`` (commit, version and so on), None for none."""
    found: list[tuple[float, Mapping[str, Any]]] = []
    for file in builds.glob("*/*/result.json"):
        with suppress(OSError, ValueError):
            result = json.loads(file.read_text())
            if all(result.get(name) == word for name, word in words.items()):
                found.append((file.stat().st_mtime, result))
    return max(found, key=lambda item: item[0])[1] if found else None


def compare(one: Iterable[Mapping[str, Any]], other: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of the files that differ, or that only one of both has; each file has ``name`` and ``sha256``."""
    first, second = ({item["name"]: item["sha256"] for item in files} for files in (one, other))
    names = sorted(set(first) | set(second))
    return [name for name in names if first.get(name) != second.get(name) and not name.endswith(_ABOUT_THE_BUILD)]

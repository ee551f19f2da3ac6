"""Whether two builds of one commit give the same files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..report import Case
from ..settings import BUILDS
from ..status import Status
from ..step import Step

# These tell of the build itself: when and with what it was done.
_ABOUT_THE_BUILD = (".buildinfo", ".changes")


def judge(
    step: Step,
    commit: str,
    version: str,
    again: Callable[[], Sequence[Mapping[str, Any]]],
    builds: Path = BUILDS,
) -> dict[str, Any] | None:
    """Whether another build of ``commit`` gave the same files: one that was handed over here, or, where nobody waits
    for the result, one more (``again``). None where there was none to compare with."""
    if step.inputs.pipeline == "periodic":
        step.log.say("once more, to compare")
        other, what = again(), "a second build"
    else:
        words = {"project": step.inputs.project, "target": step.inputs.target, "commit": commit}
        found = earlier(builds, {**words, "version": version, "status": "passed"})
        if found is None:
            return None
        other, what = found["files"], f"{found['build_id']} of {found['started']}"
    differs = compare(step.details["files"], other)
    said = f"other than in {what}: {', '.join(differs)}" if differs else ""
    step.cases.append(Case("reproducible", Status.FAILED if differs else Status.PASSED, said))
    step.log.say(said or f"the same files as in {what}")
    return {"same": not differs, "differs": differs, "compared_with": what}


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

"""Zuul's own words about a layout, and the line that they mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pkgci.model.document import Path_
from pkgci.pipelines.layout import Layout
from pkgci.pipelines.own import SECTIONS

_PLACE = re.compile(r" @ data((?:\[(?:'[^']*'|\"[^\"]*\"|\d+)\])+)")
_MISSING = re.compile(r"^FAILURE: Job (\S+) not defined$", re.MULTILINE)
_FRAME = re.compile(r'^  File "([^"/]+)", line (\d+)', re.MULTILINE)
_NO_KEY = re.compile(r"KeyError: '([^']+)'$")


@dataclass(frozen=True)
class Refusal:
    """Zuul's last word on a layout. ``where`` (FILE:LINE:COLUMN) is None where Zuul's words do not lead to a line."""

    words: str
    where: str | None


def missing_jobs(out: str) -> tuple[str, ...]:
    """The jobs that Zuul's test (its standard output) does not find in the list it was given."""
    return tuple(_MISSING.findall(out))


def refusal(layout: Layout, err: str) -> Refusal:
    """Why Zuul's test (its standard error) failed, and in which line of ``layout``."""
    words = _last_words(err)
    return Refusal(words, _in_python(layout, err) or _where(layout, words))


def _in_python(layout: Layout, err: str) -> str | None:
    """The line of the site's own Python file in which a traceback ends."""
    found = [(name, line) for name, line in _FRAME.findall(err) if name in layout.own.sources]
    return f"{layout.own.sources[found[-1][0]]}:{found[-1][1]}:1" if found else None


def _last_words(err: str) -> str:
    """The exception at the end of a traceback: its type without the module, and its message."""
    lines = [line for line in err.splitlines() if line.strip()]
    starts = [index for index, line in enumerate(lines) if re.match(r"[\w.]+(Error|Exception|Invalid)\b", line)]
    said = " ".join(line.strip() for line in lines[starts[-1] :]) if starts else (lines or ["Zuul said nothing"])[-1]
    name, _, message = said.partition(": ")
    if starts and message:
        kind = name.rpartition(".")[2]
        return message if kind in ("Exception", "MultipleInvalid", "Invalid") else f"{kind}: {message}"
    return said


def _where(layout: Layout, words: str) -> str | None:
    place = _PLACE.search(words)
    if place:
        path = tuple(
            int(index) if index else text for text, index in re.findall(r"\[(?:['\"]([^'\"]*)['\"]|(\d+))\]", place[1])
        )
        return layout.where(_known(layout, path), key="extra keys" in words)
    for path in (*_broken_patterns(layout), *_named(layout, words), *_lacking(layout, words)):
        return layout.where(path)
    return None


def _known(layout: Layout, path: Path_) -> Path_:
    """``path``, without the markers that voluptuous puts at its end."""
    while path and not (path in layout.document.values or path in layout.document.keys):
        path = path[:-1]
    return path


def _broken_patterns(layout: Layout) -> Iterator[Path_]:
    """The site's own regular expressions that are none: Zuul's words tell neither the pattern nor its place."""
    patterns = {"branch", "files", "ref", "comment", "username", "email", "email-filter", "project"}
    patterns |= {"comment_filter", "username_filter", "email_filter", "all-files-match-any"}
    for path, value in _own_values(layout):
        keys = [part for part in path if isinstance(part, str)]
        if keys[-1] in patterns or (path[0] == "jobs" and keys[-1] == "name" and value.startswith("^")):
            try:
                re.compile(value)
            except re.error:
                yield path


def _named(layout: Layout, words: str) -> Iterator[Path_]:
    """Where the longest text stands that Zuul's words and the site's own files have in common."""
    # A text of one or two letters may be a word of Zuul's: it counts where Zuul ends with it, as it does with a name.
    found = [
        (path, value)
        for path, value in _own_values(layout)
        if _within(value, words) and (len(value) > 2 or words.endswith(f" {value}"))
    ]
    yield from (path for path, _ in sorted(found, key=lambda item: -len(item[1])))


def _within(text: str, words: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(text)}(?![\w-])", words) is not None


def _lacking(layout: Layout, words: str) -> Iterator[Path_]:
    """The site's own pipelines without a key that Zuul took for granted."""
    key = _NO_KEY.search(words)
    for index, pipeline in enumerate(layout.data["pipelines"] if key else ()):
        if layout.own_item(("pipelines", index)) is not None and key is not None and key[1] not in pipeline:
            yield ("pipelines", index)


def _own_values(layout: Layout) -> Iterator[tuple[Path_, str]]:
    """Every text in the parts that come from the site's own files, by its path in the layout."""
    for section in SECTIONS:
        for index, item in enumerate(layout.data[section] or ()):
            if layout.own_item((section, index)) is not None:
                yield from _values((section, index), item)


def _values(path: Path_, value: Any) -> Iterator[tuple[Path_, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            # In a list of jobs, a key is the name of a job; elsewhere it is a word of Zuul's.
            if isinstance(inner, list) and path[0] in ("projects", "project-templates") and len(path) > 2:
                yield (*path, key), str(key)
            yield from _values((*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _values((*path, index), inner)
    elif value is not None:
        yield path, str(value)

"""Reading the YAML files that CASC_JENKINS_CONFIG names, and merging them into one document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from .faults import ConfigError, Fault, SyntaxFaultError


def read_all(names: Iterable[str], expand: Callable[[str], str]) -> dict[str, Any]:
    """The one document of the files and directories ``names``; every text in it has gone through ``expand``.

    Raises ``ConfigError`` where a file is missing or no YAML, or where two files say different things of one attribute.
    """
    merged: dict[str, Any] = {}
    for file in files(names):
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(Fault(str(file), str(error))) from None
        _merge(merged, parse(text, str(file), expand), str(file), "")
    return merged


def parse(text: str, name: str, expand: Callable[[str], str]) -> dict[str, Any]:
    """The document in ``text``, which came from ``name``. Raises ``ConfigError``."""
    try:
        # Of a key that stands twice the last one counts, without a word: so it does in the real one.
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SyntaxFaultError(Fault(name, str(error), _as_snakeyaml(error, text, name))) from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError(Fault(name, "is no mapping"))
    return {str(key): _expanded(value, expand) for key, value in document.items()}


def line_of(text: str, path: Sequence[str]) -> int | None:
    """The line on which the value of an attribute begins, counted from 1."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    for name in path:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for key, value in pairs if key.value == name), None)
    return node.start_mark.line + 1 if node is not None else None


def files(names: Iterable[str]) -> list[Path]:
    """The files that ``names`` stand for: a directory stands for the ``.yaml`` and ``.yml`` files below it."""
    found: list[Path] = []
    for name in names:
        if "://" in name:
            raise ConfigError(Fault(name, "pkgci's stand-in for Jenkins reads its configuration from files only"))
        path = Path(name)
        if path.is_dir():
            found += sorted(file for file in path.rglob("*") if file.suffix in (".yaml", ".yml") and file.is_file())
        elif path.is_file():
            found.append(path)
        else:
            raise ConfigError(Fault(name, "no such file or directory"))
    return found


def _as_snakeyaml(error: yaml.YAMLError, text: str, name: str) -> str:
    """PyYAML's error in the words of the library that it was made after."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return str(error)
    parts = []
    for words, mark in ((error.context, error.context_mark), (error.problem, error.problem_mark)):
        if words:
            parts.append(words)
        if mark is not None:
            line = (text.splitlines() or [""])[mark.line : mark.line + 1] or [""]
            place = f" in {name}, line {mark.line + 1}, column {mark.column + 1}:"
            parts += [place, f"    {line[0]}", f"    {' ' * mark.column}^"]
    return "\n".join(parts) + "\n"


def _expanded(value: Any, expand: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return expand(value)
    if isinstance(value, list):
        return [_expanded(item, expand) for item in value]
    if isinstance(value, dict):
        return {str(key): _expanded(item, expand) for key, item in value.items()}
    return value


def _merge(into: dict[str, Any], more: dict[str, Any], file: str, path: str) -> None:
    for key, value in more.items():
        here = f"{path}.{key}" if path else key
        known = into.get(key)
        if key not in into:
            into[key] = value
        elif isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value, file, here)
        elif isinstance(known, list) and isinstance(value, list):
            known += value
        elif known != value:
            raise ConfigError(Fault(here, f"another file says something else of it than {file}"))

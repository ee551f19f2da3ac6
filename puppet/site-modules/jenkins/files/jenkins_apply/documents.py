"""The files of a configuration, read as Jenkins reads them, and as strictly as it should."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where: a file, and the way from its top to the attribute, or a line."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class DocumentError(Exception):
    """Files that are no configuration."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class _Loader(yaml.SafeLoader):
    """YAML in which a key stands once: of two Jenkins takes the last, without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, (dict, list)):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a text", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' stands twice in one mapping", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def files(folder: Path) -> list[Path]:
    """The files that Jenkins reads in ``folder``, in its order."""
    return sorted(file for file in folder.rglob("*") if file.suffix in SUFFIXES and file.is_file())


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """File name → its document. Raises ``DocumentError`` with what is wrong with each file."""
    found, faults = {}, []
    for file in files(folder):
        try:
            found[file.name] = parse(file.read_text(encoding="utf-8"), file.name)
        except UnicodeDecodeError:
            faults.append(Fault(file.name, "is not in UTF-8"))
        except DocumentError as error:
            faults += error.faults
    if faults:
        raise DocumentError(*faults)
    return found


def parse(text: str, name: str) -> dict[str, Any]:
    """The document in ``text``, which is the file ``name``. Raises ``DocumentError``."""
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise DocumentError(Fault(place, error.problem or "is no YAML")) from None
    except yaml.YAMLError as error:
        raise DocumentError(Fault(name, f"is no YAML: {error}")) from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise DocumentError(Fault(name, "is no mapping"))
    return document


def merge(documents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """All files as one document. Raises ``DocumentError`` where two say different things of one attribute."""
    merged: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, document in documents.items():
        faults += _merge(merged, document, name, "")
    if faults:
        raise DocumentError(*faults)
    return merged


def _merge(into: dict[str, Any], more: dict[str, Any], name: str, path: str) -> Iterator[Fault]:
    for key, value in more.items():
        here = f"{path}.{key}" if path else str(key)
        known = into.get(key)
        if key not in into:
            into[key] = _copy(value)
        elif isinstance(known, dict) and isinstance(value, dict):
            yield from _merge(known, value, name, here)
        elif isinstance(known, list) and isinstance(value, list):
            known += value
        elif known != value:
            yield Fault(f"{name}: {here}", "another file says something else of it")


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(part) for key, part in value.items()}
    return list(value) if isinstance(value, list) else value

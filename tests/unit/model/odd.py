"""Site files with one odd value: every value of an example in turn, in the place of which something strange stands."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

# As YAML: what people write by mistake, and what nobody would.
ODD = (
    "",
    "~",
    "true",
    "no",
    "0",
    "-1",
    "022",
    "1:30",
    "1_000",
    "0x10",
    "1e400",
    "99999999999999999999999",
    "1.10",
    ".inf",
    ".nan",
    "2024-01-01",
    "''",
    "' '",
    "'a b'",
    "'../..'",
    "'$(reboot)'",
    "'%{x}'",
    "'{{ x }}'",
    r'"a\nb"',
    r'"\0"',
    r'"\e[31m"',
    "é",
    "'٣'",
    "x" * 300,
    "[]",
    "[x, [y], {z: 1}]",
    "{}",
    "{a: {b: [c]}}",
    "{1: 2, true: ~}",
    "!!binary aGVsbG8=",
    "!!set {a, b}",
    "!x y",
    "*nobody",
    "0 GB",
    "-5 GB",
    "9" * 400 + " TB",
    "'0 25 * * *'",
    "https://x:99999/",
    "http://[::g]/",
    "fe80::1%eth0",
    "0.0.0.0",
    "/dev/null",
    "/dev/zero",
)
_MARK = "ODD-VALUE"

Path_ = tuple[str | int, ...]


def places(text: str) -> dict[Path_, Path_]:
    """The path of every value in ``text``, one of each kind: those that differ in names of the site only are alike."""
    found: dict[Path_, Path_] = {}
    for path in _paths(yaml.safe_load(text), ()):
        kind = tuple(
            "*" if index == 1 and path[0] in _NAMED else 0 if isinstance(part, int) else part
            for index, part in enumerate(path)
        )
        found.setdefault(kind, path)
    return found


_NAMED = ("hosts", "targets", "projects")


def with_value(text: str, path: Path_, written: str) -> str:
    """``text`` with the YAML ``written`` at ``path``."""
    data = yaml.safe_load(text)
    at = data
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = _MARK
    return _dumped(data).replace(_MARK, written)


def with_key(text: str, path: Path_, written: str) -> str:
    """``text`` with the YAML ``written`` in place of the last key of ``path``."""
    data = yaml.safe_load(text)
    at = data
    for part in path[:-1]:
        at = at[part]
    at[_MARK] = at.pop(path[-1])
    return _dumped(data).replace(f"{_MARK}:", f"? {written}\n{_indent(path)}:")


def _dumped(data: Any) -> str:
    return str(yaml.dump(data, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False))


def _indent(path: Path_) -> str:
    return "  " * (len(path) - 1)


def _paths(value: Any, path: Path_) -> Iterator[Path_]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _paths(inner, (*path, key))


def examples() -> list[Path]:
    """The site files that travel with pkgci."""
    return sorted((Path(__file__).parents[3] / "examples").glob("*/site.yaml"))

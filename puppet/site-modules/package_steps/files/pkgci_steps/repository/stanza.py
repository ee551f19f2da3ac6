"""Control data as dpkg writes it (deb822(5)), from a source that is not trusted: one stanza, every field once. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)")
# Control characters, those of Latin-1 too; and what ends a line or a paragraph for some program.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
# Fields that make a package one which apt and dpkg keep, or install without being asked: → the values that do not.
_MARKS = {
    "essential": ("no",),
    "protected": ("no",),
    "important": ("no",),
    "build-essential": ("no",),
    "priority": ("optional", "extra", "standard"),
    "task": (),
}


def parse(text: bytes) -> dict[str, str]:
    """The fields by name in lower case; a value over several lines keeps them. Raises ``ValueError`` in words."""
    try:
        lines = text.decode().rstrip("\n").split("\n")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    fields: dict[str, str] = {}
    name = ""
    for line in lines:
        if _CONTROL.search(line):
            raise ValueError(f"it has control characters: {line[:60]!a}")
        if not line.strip():
            raise ValueError("it has more than one paragraph")
        if line[0] in " \t":
            if not name:
                raise ValueError("it does not begin with a field")
            fields[name] += f"\n{line}"
            continue
        found = _FIELD.fullmatch(line)
        if not found:
            raise ValueError(f"it has a line that is no field: {line[:60]!a}")
        name = found[1].lower()
        if name in fields:
            raise ValueError(f"it has the field {found[1]} twice")
        fields[name] = found[2].rstrip()
    return fields


def plain(text: bytes) -> dict[str, str]:
    """The fields of a stanza that is trusted: the first line of each, by name in lower case."""
    lines = text.decode(errors="replace").split("\n")
    found = (_FIELD.fullmatch(line) for line in lines)
    return {match[1].lower(): match[2].rstrip() for match in found if match}


def marks(fields: Mapping[str, str]) -> frozenset[str]:
    """What control data says of its package that makes it one of a system's base, as 'essential: yes'."""
    said = {name: fields.get(name, "") for name in _MARKS}
    return frozenset(f"{name}: {value}" for name, value in said.items() if value and value not in _MARKS[name])


def word(fields: Mapping[str, str], name: str, pattern: str) -> str:
    """The value of the field ``name``, which ``pattern`` matches. Raises ``ValueError`` in words."""
    value = fields.get(name, "")
    if len(value) > 200 or not re.fullmatch(pattern, value):
        raise ValueError(f"its {name} is not acceptable: {value[:60]!a}")
    return value


def checksums(fields: Mapping[str, str], name: str) -> dict[str, tuple[str, int]]:
    """A list of files: name → checksum and size. Raises ``ValueError`` in words."""
    found: dict[str, tuple[str, int]] = {}
    for line in fields.get(name, "").strip().split("\n"):
        words = line.split()
        if len(words) < 3 or not words[1].isdigit() or len(words[1]) > 15:
            raise ValueError(f"its {name} is not acceptable: {line[:60]!a}")
        found[words[-1]] = (words[0], int(words[1]))
    return found

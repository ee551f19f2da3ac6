"""Control data as dpkg writes it (deb822(5)), from a source that is not trusted: one stanza, every field once. Pure."""

from __future__ import annotations

import re

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


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


def word(fields: dict[str, str], name: str, pattern: str) -> str:
    """The value of the field ``name``, which ``pattern`` matches. Raises ``ValueError`` in words."""
    value = fields.get(name, "")
    if len(value) > 200 or not re.fullmatch(pattern, value):
        raise ValueError(f"its {name} is not acceptable: {value[:60]!a}")
    return value


def checksums(fields: dict[str, str], name: str) -> dict[str, tuple[str, int]]:
    """A list of files: name → checksum and size. Raises ``ValueError`` in words."""
    found: dict[str, tuple[str, int]] = {}
    for line in fields.get(name, "").strip().split("\n"):
        words = line.split()
        if len(words) < 3 or not words[1].isdigit() or len(words[1]) > 15:
            raise ValueError(f"its {name} is not acceptable: {line[:60]!a}")
        found[words[-1]] = (words[0], int(words[1]))
    return found

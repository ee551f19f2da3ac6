"""The site file's keys, from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pkgci.model.load import json_schema
from tools.manual.markdown import anchor, code, document, table

Schema = dict[str, Any]
# The word that YAML's readers know for a JSON Schema's type.
_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
}
# Formats of text that say more than "text".
_FORMATS = {
    "ipv4": "IPv4 address",
    "ipv6": "IPv6 address",
    "ipv4network": "IPv4 network",
    "ipv6network": "IPv6 network",
    "path": "path",
}


@dataclass(frozen=True)
class Section:
    """One mapping of the site file, or the values of one kind. A row is a key: its type, default and meaning."""

    title: str
    description: str
    rows: tuple[tuple[str, str, str, str], ...]


def sections() -> list[Section]:
    """The parts of the site file, from the top."""
    schema = json_schema()
    definitions: dict[str, Schema] = schema["$defs"]
    found = [Section("Top level", "", _keys(schema, definitions))]
    for name in _in_order(schema, definitions):
        definition = definitions[name]
        values = f"One of {', '.join(code(value) for value in definition['enum'])}." if "enum" in definition else ""
        description = " ".join(part for part in (definition.get("description", ""), values) if part)
        found.append(Section(name, description, _keys(definition, definitions)))
    return found


def page() -> str:
    """docs/reference/site-file.md."""
    return document(
        "The site file",
        "Every key of `site.yaml`. `pkgci validate` checks the file; `pkgci validate --schema` prints the JSON Schema "
        "from which this page is made, for your editor. [A whole site file](site-file-example.md) shows most keys "
        "at work. `man 5 pkgci-site` says the same.",
        *(_section(one) for one in sections()),
    )


def _section(section: Section) -> str:
    rows = [(code(key), kind, default, meaning) for key, kind, default, meaning in section.rows]
    body = table(("Key", "Type", "Default", "Meaning"), rows) if rows else ""
    return "\n\n".join(part for part in (f"## {section.title}", section.description, body) if part)


def _in_order(schema: Schema, definitions: dict[str, Schema]) -> list[str]:
    """The names of the definitions, in the order in which a reader from the top meets them."""
    found: list[str] = []
    waiting = [schema]
    while waiting:
        for name in _references(waiting.pop(0).get("properties", {})):
            if name not in found:
                found.append(name)
                waiting.append(definitions[name])
    return found


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rpartition("/")[2]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def _keys(definition: Schema, definitions: dict[str, Schema]) -> tuple[tuple[str, str, str, str], ...]:
    required = definition.get("required", [])
    return tuple(
        (key, _kind(value, definitions), _default(value, key in required), _meaning(value, definitions))
        for key, value in definition.get("properties", {}).items()
    )


def _meaning(value: Schema, definitions: dict[str, Schema]) -> str:
    """What is said of a key, or else of what is to be written for it."""
    said = value.get("description") or next(
        (definitions[name].get("description", "") for name in _references(value)), ""
    )
    return str(said)


def _default(value: Schema, is_required: bool) -> str:
    if is_required:
        return "required"
    default = value.get("default")
    if default in (None, [], {}):
        return ""
    if isinstance(default, int) and any(str(example).endswith(" GB") for example in value.get("examples", [])):
        return code(f"{default / 1000:g} GB")
    return code(default if isinstance(default, str) else json.dumps(default))


def _kind(value: Schema, definitions: dict[str, Schema]) -> str:
    """What is to be written for ``value``, in words, with links to other sections."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{anchor(name)})"
    choices = value.get("anyOf") or value.get("oneOf") or value.get("allOf")
    if choices:
        words = [_kind(one, definitions) for one in choices if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(words))
    if "const" in value or "enum" in value:
        return " or ".join(code(str(one)) for one in value.get("enum", [value.get("const")]))
    if value.get("type") == "array":
        items = value.get("items") or (value.get("prefixItems") or [{}])[0]
        return f"list of {_kind(items, definitions)}"
    if value.get("type") == "object" and isinstance(value.get("additionalProperties"), dict):
        return f"mapping of names to {_kind(value['additionalProperties'], definitions)}"
    return _FORMATS.get(value.get("format", ""), _TYPES.get(str(value.get("type")), "any")) + _bounds(value)


def _bounds(value: Schema) -> str:
    low, high = value.get("minimum"), value.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return f", {low} or more" if low is not None else f", {high} or less" if high is not None else ""

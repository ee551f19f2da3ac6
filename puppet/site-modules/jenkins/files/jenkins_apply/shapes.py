"""What the attributes of a configuration must be like, and the check of a value against it.

Attributes that are not named here pass: whether there are such, Jenkins itself knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .documents import Fault
from .references import is_reference


@dataclass(frozen=True)
class Text:
    """A text that is not empty. ``pattern``: what the whole of it looks like, and ``like`` says so in words."""

    pattern: str = ""
    like: str = ""


@dataclass(frozen=True)
class Whole:
    """A whole number within limits, or a text that is one."""

    least: int
    most: int = 1_000_000


@dataclass(frozen=True)
class Flag:
    """true or false."""


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Items:
    """A list, or the only item of one."""

    shape: Shape


@dataclass(frozen=True)
class Attributes:
    """A mapping. ``required`` must be there."""

    shapes: Mapping[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """One key, the kind, with its attributes; or the kind's name alone. Kinds that are not named here pass."""

    kinds: Mapping[str, Attributes]


Shape = Text | Whole | Flag | Choice | Items | Attributes | Kind


def check(value: Any, shape: Shape, place: str) -> Iterator[Fault]:
    """What is wrong with ``value``. No message has the value of a text: it may be a secret."""
    if isinstance(shape, Attributes):
        yield from _attributes(value, shape, place)
    elif isinstance(shape, Items):
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            yield from check(item, shape.shape, f"{place}[{index}]")
    elif isinstance(shape, Kind):
        yield from _kind(value, shape, place)
    elif not is_reference(value):
        message = _scalar(value, shape)
        if message:
            yield Fault(place, message)


def _scalar(value: Any, shape: Shape) -> str | None:
    if isinstance(shape, Whole):
        if isinstance(value, bool) or not re.fullmatch(r"[+-]?\d+", str(value)):
            return f"must be a whole number, not {name_of(value)}"
        if not shape.least <= int(value) <= shape.most:
            return f"must be a whole number from {shape.least} to {shape.most}, not {int(value)}"
    elif isinstance(shape, Flag):
        if str(value).lower() not in ("true", "false"):
            return f"must be true or false, not {name_of(value)}"
    elif isinstance(value, (dict, list)):
        return f"must be a text, not {name_of(value)}"
    elif value is None or not str(value).strip():
        return "must not be empty"
    elif isinstance(shape, Choice):
        if str(value) not in shape.words:
            return f"must be one of {', '.join(shape.words)}"
    elif isinstance(shape, Text) and shape.pattern and not re.fullmatch(shape.pattern, str(value)):
        return f"must be {shape.like}"
    return None


def _attributes(value: Any, shape: Attributes, place: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault(place, f"must be a mapping, not {name_of(value)}")
        return
    for name in shape.required:
        if value.get(name) is None:
            yield Fault(place, f"'{name}' is missing")
    for name, part in value.items():
        if name in shape.shapes and not (part is None and name in shape.required):
            yield from check(part, shape.shapes[name], f"{place}.{name}" if place else str(name))


def _kind(value: Any, shape: Kind, place: str) -> Iterator[Fault]:
    if isinstance(value, str):
        value = {value: {}}
    if not isinstance(value, dict) or len(value) != 1:
        yield Fault(place, f"must have exactly one key, as one of {', '.join(shape.kinds)}")
        return
    ((kind, attributes),) = value.items()
    if kind in shape.kinds:
        yield from check({} if attributes in (None, "") else attributes, shape.kinds[kind], f"{place}.{kind}")


def name_of(value: Any) -> str:
    """What a value is, in a word."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    return {dict: "a mapping", list: "a list", type(None): "nothing"}.get(type(value), "a text")

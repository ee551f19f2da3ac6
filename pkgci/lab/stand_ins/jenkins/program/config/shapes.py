"""What a configuration may look like, as data, and the check of a document against it.

The real one refuses an attribute that it does not know; so does this check, with the attribute's path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .faults import Fault


@dataclass(frozen=True)
class Text:
    """A text; numbers and truth values are taken for their text. ``choices`` are the values there are, if not any."""

    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Number:
    """A whole number, or a text that is one."""


@dataclass(frozen=True)
class Flag:
    """true or false, or their text."""


@dataclass(frozen=True)
class Attributes:
    """A mapping with these attributes. ``required`` are those without which it cannot be made."""

    shapes: Mapping[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class ListOf:
    """A list of one shape, or a single item of it."""

    shape: Shape


@dataclass(frozen=True)
class OneOf:
    """A mapping with exactly one key, the kind, or only the kind's name where it needs no attributes."""

    kinds: Mapping[str, Attributes]


Shape = Text | Number | Flag | Attributes | ListOf | OneOf


def check(value: Any, shape: Shape, path: str = "") -> Iterator[Fault]:
    """What is wrong with ``value``, from its first line to its last."""
    match shape:
        case Text(choices):
            if isinstance(value, dict | list) or value is None:
                yield Fault(path, "a text is expected")
            elif choices and str(value) not in choices:
                yield Fault(path, f"{value!r} is none of {', '.join(choices)}")
        case Number():
            if isinstance(value, bool) or not _is_number(value):
                yield Fault(path, f"a number is expected, not {_kind(value)}")
        case Flag():
            if str(value).lower() not in ("true", "false"):
                yield Fault(path, f"true or false is expected, not {_kind(value)}")
        case ListOf(item):
            for index, part in enumerate(value if isinstance(value, list) else [value]):
                yield from check(part, item, f"{path}[{index}]")
        case OneOf(kinds):
            yield from _check_kind(value, kinds, path)
        case Attributes():
            yield from _check_attributes(value, shape, path)


def _check_kind(value: Any, kinds: Mapping[str, Attributes], path: str) -> Iterator[Fault]:
    if isinstance(value, str):
        value = {value: {}}
    if not isinstance(value, dict) or len(value) != 1:
        yield Fault(path, f"exactly one of {', '.join(kinds)} is expected")
        return
    ((kind, attributes),) = value.items()
    if kind not in kinds:
        yield Fault(path, f"no implementation is named {kind!r}; there are {', '.join(kinds)}")
        return
    yield from check({} if attributes in (None, "") else attributes, kinds[kind], f"{path}.{kind}")


def _check_attributes(value: Any, shape: Attributes, path: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault(path, f"a mapping is expected, not {_kind(value)}")
        return
    for name, part in value.items():
        here = f"{path}.{name}" if path else str(name)
        if name not in shape.shapes:
            known = ", ".join(sorted(shape.shapes)) or "none"
            yield Fault(here, f"invalid configuration element; the attributes there are: {known}")
        elif part is not None:
            yield from check(part, shape.shapes[name], here)
    for name in shape.required:
        if value.get(name) in (None, ""):
            yield Fault(path, f"{name!r} is required")


def _is_number(value: Any) -> bool:
    try:
        int(str(value))
    except ValueError:
        return False
    return True


def _kind(value: Any) -> str:
    # The value itself may be a secret.
    return {dict: "a mapping", list: "a list", str: "a text", type(None): "nothing"}.get(type(value), "this")

"""What a configuration may look like, as data, and the check of a document against it.

The real one refuses an attribute that it does not know; so does this check, with the attribute's path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .faults import Fault, unknown_attributes, unknown_root


@dataclass(frozen=True)
class Text:
    """A text; numbers and truth values are taken for their text. ``choices`` are the values there are, if not any.

    ``said`` and ``near``: what the real one's check says of another value, if it finds it at all.
    """

    choices: tuple[str, ...] = ()
    said: str = ""
    near: tuple[str, ...] = ()


@dataclass(frozen=True)
class Number:
    """A whole number, or a text that is one."""


@dataclass(frozen=True)
class Flag:
    """true or false, or their text."""


@dataclass(frozen=True)
class Attributes:
    """A mapping with these attributes. ``required`` are those without which it cannot be made.

    ``name`` and ``kind`` are what the real one calls it, ``known`` all attributes that the real one has.
    """

    shapes: Mapping[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    name: str = ""
    kind: str = ""
    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class ListOf:
    """A list of one shape, or a single item of it."""

    shape: Shape


@dataclass(frozen=True)
class OneOf:
    """A mapping with exactly one key, the kind, or only the kind's name where it needs no attributes.

    ``name`` and ``kind`` are what the real one calls them all.
    """

    kinds: Mapping[str, Attributes]
    name: str = ""
    kind: str = ""


Shape = Text | Number | Flag | Attributes | ListOf | OneOf


def check(value: Any, shape: Shape, path: str = "") -> Iterator[Fault]:
    """What is wrong with ``value``, from its first line to its last."""
    match shape:
        case Text(choices, said, near):
            if isinstance(value, dict | list) or value is None:
                yield Fault(path, "a text is expected")
            elif choices and str(value) not in choices:
                yield Fault(path, f"{value!r} is none of {', '.join(choices)}", said, near)
        case Number():
            if isinstance(value, bool) or not _is_number(value):
                yield Fault(path, f"a number is expected, not {_kind(value)}")
        case Flag():
            if str(value).lower() not in ("true", "false"):
                yield Fault(path, f"true or false is expected, not {_kind(value)}")
        case ListOf(item):
            for index, part in enumerate(value if isinstance(value, list) else [value]):
                yield from check(part, item, f"{path}[{index}]")
        case OneOf():
            yield from _check_kind(value, shape, path)
        case Attributes():
            yield from _check_attributes(value, shape, path)


def _check_kind(value: Any, shape: OneOf, path: str) -> Iterator[Fault]:
    kinds = shape.kinds
    if isinstance(value, str):
        value = {value: {}}
    if not isinstance(value, dict) or len(value) != 1:
        yield Fault(path, f"exactly one of {', '.join(kinds)} is expected")
        return
    ((kind, attributes),) = value.items()
    if kind not in kinds:
        name = shape.name or path.rpartition(".")[2]
        said = f"{name}: No {shape.kind or name} implementation found for {kind}"
        yield Fault(path, f"no implementation is named {kind!r}; there are {', '.join(kinds)}", said)
        return
    yield from check({} if attributes in (None, "") else attributes, kinds[kind], f"{path}.{kind}")


def _check_attributes(value: Any, shape: Attributes, path: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault(path, f"a mapping is expected, not {_kind(value)}")
        return
    yield from _check_names(value, shape, path)
    for name, part in value.items():
        here = f"{path}.{name}" if path else str(name)
        if name in shape.shapes and part is not None:
            yield from check(part, shape.shapes[name], here)
    for name in shape.required:
        if value.get(name) in (None, ""):
            yield Fault(path, f"{name!r} is required")


def _check_names(value: Mapping[str, Any], shape: Attributes, path: str) -> Iterator[Fault]:
    missing = [name for name in value if name not in shape.shapes and name in shape.known]
    for name in missing:
        here = f"{path}.{name}"
        message = "pkgci's stand-in for Jenkins does not have this attribute; the real one does"
        yield Fault(here, message, f"{here}: {message}")
    unknown = [str(name) for name in value if name not in shape.shapes and name not in shape.known]
    if unknown and not path:
        yield from map(unknown_root, unknown)
    elif unknown:
        name = shape.name or path.rpartition(".")[2]
        yield unknown_attributes(path, name, shape.kind or name, unknown, shape.known or tuple(shape.shapes))


def _is_number(value: Any) -> bool:
    try:
        int(str(value))
    except ValueError:
        return False
    return True


def _kind(value: Any) -> str:
    # The value itself may be a secret.
    return {dict: "a mapping", list: "a list", str: "a text", type(None): "nothing"}.get(type(value), "this")

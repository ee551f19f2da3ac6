"""What is wrong with the values of a site file, in words, each with its place: what pydantic found, told to people."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from pkgci.model.document import Document, Fault, Path_
from pkgci.model.schema import SiteFile
from pkgci.model.words import nearest

# So much of a value is repeated in a message.
_SHOWN = 60


def unfit(document: Document, error: ValidationError) -> list[Fault]:
    """The faults of a document that does not fit the schema. What pydantic says of one place is told once."""
    faults: dict[tuple[Path_, str], Fault] = {}
    for item in error.errors(include_url=False):
        if item["type"] == "too_short" and item["input"]:
            # All that it has is wrong, and told of by itself.
            continue
        path = _known(document, _place_of(item))
        missing = str(item["loc"][-1]) if item["type"] == "missing" else ""
        faults.setdefault((path, missing), _fault(document, item, path))
    return list(faults.values())


def misread(document: Document) -> dict[Path_, Fault]:
    """Numbers that YAML reads as others than people do: octal, sexagesimal, hexadecimal, with `_`; infinite ones."""
    found = {}
    for path, written in document.written.items():
        value = value_at(document, path)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        plain = written.removeprefix("+")
        if isinstance(value, int) and plain != str(value):
            meant = plain.lstrip("0") or "0" if plain.isdecimal() else str(value)
            words = f"{written} is read as {value}: write {meant}, or '{written}', in quotes, where text is meant"
        elif isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
            words = f"{written} is no number that can be used here; in quotes, '{written}', it is text"
        elif isinstance(value, float) and (":" in plain or "_" in plain):
            words = f"{written} is read as {value}: write {value}, or '{written}', in quotes, where text is meant"
        else:
            continue
        found[path] = Fault(document.position(path), _cut(words))
    return found


def value_at(document: Document, path: Path_) -> Any:
    """What stands at ``path`` of the document; None where there is nothing."""
    value = document.data
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


_VARIANTS = ("ipv", "ip_", "function-", "literal[", "enum", "str", "int", "bool", "constrained", "source")


def _place_of(item: Any) -> Path_:
    """The path in the document: pydantic adds the names of union variants and '[key]', which are not in the file."""
    return tuple(
        part
        for part in item["loc"]
        if part != "[key]" and not (isinstance(part, str) and part.lower().startswith(_VARIANTS) and "[" in part)
    )


def _known(document: Document, path: Path_) -> Path_:
    """The longest part of ``path`` that stands in the file."""
    while path and path not in document.values and path not in document.keys:
        path = path[:-1]
    return path


def _fault(document: Document, item: Any, path: Path_) -> Fault:
    kind = item["type"]
    name = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
    if kind == "extra_forbidden":
        return Fault(
            document.position(path, key=True), f"unknown key '{_cut(name)}'{nearest(name, _fields(path[:-1]))}"
        )
    if kind == "missing":
        owner = ".".join(map(str, path))
        where = f" in '{_cut(owner)}'" if owner else ""
        return Fault(document.position(path, key=True), f"missing key '{item['loc'][-1]}'{where}")
    if "[key]" in item["loc"]:
        return Fault(document.position(path, key=True), _message(item, name, path, name))
    return Fault(document.position(path), _message(item, name, path, document.written.get(path)))


def _message(item: Any, name: str, path: Path_, written: str | None) -> str:
    """Why a value is not what it should be; ``written`` is how it stands in the file, where that is known."""
    kind, value = item["type"], item["input"]
    shown = _cut(str(value) if written is None else written)
    if kind in ("enum", "literal_error") and (_kind_of(value) is None) and shown not in _words(item).split(", "):
        return _unknown_word(item, shown, name, path)
    if kind == "value_error":
        words = str(item["ctx"]["error"])
        return f"'{_cut(name)}' {words}" if isinstance(value, dict | list) or value is None else f"'{shown}' {words}"
    return f"'{_cut(name)}': {_expectation(item, shown, value)}"


def _expectation(item: Any, shown: str, value: Any) -> str:
    kind = item["type"]
    instead = _kind_of(value) or f"'{shown}'"
    if kind == "string_type":
        if isinstance(value, bool | int | float):
            return f"text is expected, and {shown} is read as {_reading(value)}: write '{shown}', in quotes"
        return f"text is expected, not {instead}"
    if kind in ("int_type", "int_parsing", "int_from_float", "int_parsing_size"):
        quoted = " (without quotes)" if isinstance(value, str) and value.strip().isdecimal() else ""
        return f"a whole number is expected, not {instead}{quoted}"
    if kind in ("bool_type", "bool_parsing"):
        return f"true or false is expected, not {instead}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"a mapping is expected here, not {instead}"
    if kind in ("tuple_type", "list_type"):
        return f"a list is expected here, as in [a, b], not {instead}"
    if kind in ("enum", "literal_error"):
        # What looks like one of them is of another type: text in place of a number, or a number in place of text.
        quotes = " (without quotes)" if isinstance(value, str) else " (in quotes)" if _kind_of(value) is None else ""
        return f"one of {_words(item)} is expected, not {instead}{quotes}"
    bounds = {"greater_than_equal": ("at least", "ge"), "less_than_equal": ("at most", "le")}
    if kind in bounds:
        words, limit = bounds[kind]
        return f"must be {words} {item['ctx'][limit]}, not {shown}"
    if kind == "too_short":
        return "must not be empty"
    return f"{item['msg'][0].lower()}{item['msg'][1:]}"


def _reading(value: bool | int | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"the number {value}"


def _kind_of(value: Any) -> str | None:
    if value is None:
        return "an empty value"
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else None


def _cut(text: str) -> str:
    return text if len(text) <= 4 * _SHOWN else f"{text[:_SHOWN]}…"


def _words(item: Any) -> str:
    return str(item["ctx"]["expected"]).replace(" or ", ", ").replace("'", "")


def _unknown_word(item: Any, shown: str, name: str, path: Path_) -> str:
    words = _words(item).split(", ")
    noun = {"roles": "role", "jobs_beside": "role", "os": "operating system"}.get(name, name)
    if "[key]" in item["loc"]:
        noun = "role"
    return f"unknown {noun} '{shown}'{nearest(shown, words) or ': one of ' + ', '.join(words)}"


def _fields(path: Path_) -> list[str]:
    """The keys that are known at ``path``, for the nearest right word."""
    annotation: Any = SiteFile
    for part in path:
        models = [item for item in _flatten(annotation) if isinstance(item, type) and issubclass(item, BaseModel)]
        if models:
            fields = [model.model_fields[str(part)] for model in models if str(part) in model.model_fields]
            if not fields:
                return []
            annotation = fields[0].annotation
        else:
            annotation = _inside(annotation)
    models = [item for item in _flatten(annotation) if isinstance(item, type) and issubclass(item, BaseModel)]
    return [name for model in models for name in model.model_fields]


def _flatten(annotation: Any) -> list[Any]:
    arguments = get_args(annotation)
    if get_origin(annotation) in (dict, tuple) or not arguments:
        return [annotation]
    return [item for argument in arguments for item in _flatten(argument)]


def _inside(annotation: Any) -> Any:
    for item in _flatten(annotation):
        arguments = get_args(item)
        if arguments:
            return arguments[-1] if get_origin(item) is dict else arguments[0]
    return annotation

"""From a site file to a ``Site``, or to every fault that it has, each with its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from pkgci.model.check_review import check_lab_files
from pkgci.model.checks import check
from pkgci.model.document import Document, DocumentError, Fault, Path_, read_document
from pkgci.model.schema import SiteFile
from pkgci.model.site import Site, resolve
from pkgci.model.words import nearest


def load_site(path: Path) -> Site:
    """The site that the file ``path`` describes. Raises ``UsageError`` or ``DocumentError`` with all its faults."""
    return _load(path, lambda *_: ())


def load_site_with_files(path: Path) -> Site:
    """Like ``load_site``, for what makes the hosts: what a lab carries into them must be on this machine, too."""
    return _load(path, check_lab_files)


def _load(path: Path, more: Callable[[Document, SiteFile], Iterable[Fault]]) -> Site:
    document = read_document(path)
    if not isinstance(document.data, dict):
        raise DocumentError(path, [Fault(document.position(()), "a site file is a mapping, as in 'version: 1'")])
    try:
        site_file = SiteFile.model_validate(document.data)
    except ValidationError as error:
        unfit = [_fault(document, item) for item in _relevant(error)]
        raise DocumentError(path, unfit + check(document, None).faults) from None
    checked = check(document, site_file)
    faults = [*checked.faults, *more(document, site_file)]
    if faults:
        raise DocumentError(path, faults)
    return resolve(site_file, path.absolute(), checked.administrator_keys)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a site file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **SiteFile.model_json_schema()}


def _relevant(error: ValidationError) -> list[Any]:
    """The errors, with the variants of a union ('address' as IPv4 and as IPv6) told once."""
    seen: set[tuple[Any, ...]] = set()
    items = []
    for item in error.errors(include_url=False):
        place = _place_of(item)
        if place not in seen:
            seen.add(place)
            items.append(item)
    return items


_VARIANTS = ("IPv", "ip_", "ipv", "function-", "literal[", "enum", "str", "int", "bool", "constrained", "source")


def _place_of(item: Any) -> Path_:
    """The path in the document: pydantic adds the names of union variants and '[key]', which are not in the file."""
    return tuple(
        part
        for part in item["loc"]
        if part != "[key]" and not (isinstance(part, str) and part.lower().startswith(_VARIANTS) and "[" in part)
    )


def _fault(document: Document, item: Any) -> Fault:
    path, path_known = _known_path(document, _place_of(item))
    kind = item["type"]
    name = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        return Fault(document.position(path, key=True), f"unknown key '{name}'{nearest(name, _fields(path[:-1]))}")
    if kind == "missing":
        missing = str(item["loc"][-1])
        owner = ".".join(map(str, path[:-1] if path_known else path))
        where = f" in '{owner}'" if owner else ""
        return Fault(document.position(path[:-1] if path_known else path, key=True), f"missing key '{missing}'{where}")
    key = "[key]" in item["loc"]
    return Fault(document.position(path, key=key), _message(item, name, path))


def _known_path(document: Document, path: Path_) -> tuple[Path_, bool]:
    """The longest part of ``path`` that stands in the file, and whether that is all of it."""
    known = path
    while known and known not in document.values and known not in document.keys:
        known = known[:-1]
    return known, known == path


def _message(item: Any, name: str, path: Path_) -> str:
    kind, value = item["type"], item["input"]
    shown = repr(value) if not isinstance(value, dict | list) else "this"
    if kind in ("enum", "literal_error"):
        return _unknown_word(item, value, name, path)
    if kind.startswith("ip_"):
        what = "network, as in 192.0.2.0/24" if "network" in kind or "interface" in kind else "IP address"
        return f"'{name if isinstance(path[-1] if path else '', str) else path[-2]}': {shown} is no {what}"
    if kind == "value_error":
        return f"'{value}' {item['ctx']['error']!s}" if not isinstance(value, dict | list) else "is no plain value"
    wording = {
        "model_type": "a mapping is expected here",
        "dict_type": "a mapping is expected here",
        "tuple_type": "a list is expected here, as in [a, b]",
        "string_type": f"text is expected, not {shown}",
        "int_type": f"a whole number is expected, not {shown}",
        "int_parsing": f"a whole number is expected, not {shown}",
        "too_short": "must not be empty",
    }
    return f"'{name}': {wording.get(kind) or item['msg'][0].lower() + item['msg'][1:]}"


def _unknown_word(item: Any, value: Any, name: str, path: Path_) -> str:
    words = [word.strip("' ") for word in item["ctx"]["expected"].replace(" or ", ", ").split(",")]
    noun = {"roles": "role", "os": "operating system"}.get(name, name)
    if path and isinstance(path[-1], int):
        noun = {"roles": "role"}.get(str(path[-2]), str(path[-2]))
    if "[key]" in item["loc"]:
        noun = "role"
    return f"unknown {noun} '{value}'{nearest(str(value), words) or ': one of ' + ', '.join(words)}"


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

"""What one package says of others (deb-control(5), "Depends" and its like). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from ..repository import versions
from .world import Package

_RELATION = re.compile(r"\s*([a-zA-Z0-9][a-zA-Z0-9+.-]*)(?::[a-z0-9-]+)?\s*(?:\(\s*([<>=]+)\s*([^()\s]+)\s*\))?")
_is_older = partial(versions.is_older, "deb")


def concerns(field: str, package: Package) -> bool:
    """Whether a list of relations names ``package``, in its version, or something that it provides."""
    there = [(package.name, package.version), *_named(package.fields.get("Provides", ""))]
    return any(
        name == wanted and _fits(version, operator, limit)
        for wanted, operator, limit in _relations(field)
        for name, version in there
    )


def _named(provides: str) -> Iterator[tuple[str, str]]:
    for name, _, version in _relations(provides):
        yield name, version


def _relations(field: str) -> Iterator[tuple[str, str, str]]:
    """Name, operator and version of each; the last two '' where there are none."""
    for word in re.split(r"[,|]", field):
        if found := _RELATION.match(word):
            yield found[1], found[2] or "", found[3] or ""


def _fits(version: str, operator: str, limit: str) -> bool:
    """Whether a version is one that the relation speaks of. What is provided without a version is every one to none."""
    if not operator or not version:
        return not operator
    older, newer = _is_older(version, limit), _is_older(limit, version)
    return {"<<": older, "<": older, "<=": not newer, "=": not (older or newer), ">=": not older}.get(operator, newer)

"""Files that two packages have. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..report import Case
from ..status import Status
from .world import Package


def cases(change: Sequence[Package], contents: Mapping[Package, frozenset[str]]) -> list[Case]:
    """A case for each package of the change: its files, beside those of all other packages in ``contents``."""
    return [_case(package, contents) for package in change]


def _case(package: Package, contents: Mapping[Package, frozenset[str]]) -> Case:
    wrong = []
    for other, paths in contents.items():
        if other.name != package.name and not _expected(package, other):
            wrong += [f"{path} is in {other}, too" for path in sorted(paths & contents[package])]
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    status = Status.FAILED if wrong else Status.PASSED
    return Case(f"{package.name}: files", status, f"{wrong[0]}{more}" if wrong else "", "\n".join(wrong))


def _expected(package: Package, other: Package) -> bool:
    """Whether one of them says that it excludes or takes files from the other."""
    return bool((_takes(package) & _is(other)) or (_takes(other) & _is(package)))


def _takes(package: Package) -> set[str]:
    return _names(package, "Conflicts") | _names(package, "Replaces")


def _is(package: Package) -> set[str]:
    return {package.name} | _names(package, "Provides")


def _names(package: Package, relation: str) -> set[str]:
    words = package.fields.get(relation, "").split(",")
    return {re.split(r"[:\s(]", word.strip())[0] for word in words if word.strip()}

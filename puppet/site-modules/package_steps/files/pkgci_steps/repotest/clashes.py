"""Files that two packages have. Pure: what dpkg says of two such packages is asked through ``Trial``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..report import Case
from ..status import Status
from . import relations
from .world import Package

# Of two packages and the paths that both have: those that one would take from the other.
Trial = Callable[[Package, Package, Sequence[str]], list[str]]
_EXCLUDING = ("Conflicts", "Breaks", "Replaces")


def cases(change: Sequence[Package], contents: Mapping[Package, frozenset[str]], trial: Trial) -> list[Case]:
    """A case for each package of the change: its files, beside those of all other packages in ``contents``.

    A path in two packages is a reason to try them together, no more: one of them may divert the other's.
    """
    wrong: dict[Package, list[str]] = {package: [] for package in change}
    for package, other, paths in suspects(change, contents):
        for path in trial(other, package, paths):
            wrong[package].append(f"{path} is in {other}, too")
            if other in wrong:
                wrong[other].append(f"{path} is in {package}, too")
    return [_case(package, texts) for package, texts in wrong.items()]


def suspects(
    change: Sequence[Package], contents: Mapping[Package, frozenset[str]]
) -> list[tuple[Package, Package, list[str]]]:
    """Each two packages that have a path in common, and do not say that they exclude or replace each other."""
    found = []
    seen: set[Package] = set()
    for package in change:
        seen.add(package)
        for other, paths in contents.items():
            shared = sorted(paths & contents[package])
            if shared and other.name != package.name and other not in seen and not _expected(package, other):
                found.append((package, other, shared))
    return found


def _expected(package: Package, other: Package) -> bool:
    return any(
        relations.concerns(one.fields.get(name, ""), another)
        for one, another in ((package, other), (other, package))
        for name in _EXCLUDING
    )


def _case(package: Package, wrong: Sequence[str]) -> Case:
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    status = Status.FAILED if wrong else Status.PASSED
    return Case(f"{package.name}: files", status, f"{wrong[0]}{more}" if wrong else "", "\n".join(wrong))

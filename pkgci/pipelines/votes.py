"""Zuul's own votes in the site's own layout files: none is given, and none waited for, that was not declared.

Only where the site declares its votes (``gerrit: {votes: …}``): elsewhere nobody knows the label's range. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pkgci.errors import UsageError
from pkgci.model.document import Path_
from pkgci.model.site import Site
from pkgci.pipelines.trust import VERIFIED, zuul_passes

# What a pipeline's report may be about.
_REPORTS = ("start", "success", "failure", "merge-failure", "disabled")
_NEXT = "change it there, or declare other votes in `gerrit: {votes: …}`"


def check_votes(
    layout: dict[str, Any], site: Site, where: Callable[[Path_], str], own: Callable[[Path_], bool]
) -> None:
    """Raises ``UsageError`` for a vote in the site's ``own`` pipelines that does not follow the declared ones."""
    if site.gerrit is None or site.gerrit.votes is None:
        return
    largest = max(zuul_passes(site))
    for index, pipeline in enumerate(layout.get("pipelines") or ()):
        if not own(("pipelines", index)) or not isinstance(pipeline, dict):
            continue
        for path, amount in _given(pipeline):
            if abs(amount) > largest:
                place = where(("pipelines", index, *path))
                raise UsageError(
                    f"{place}: the vote {VERIFIED} {amount:+d} is larger than the site's votes: {largest} at most",
                    _NEXT,
                )
        for path, amounts in _required(pipeline, site.gerrit.user):
            if all(abs(amount) > largest for amount in amounts):
                place = where(("pipelines", index, *path))
                wanted = " or ".join(f"{amount:+d}" for amount in amounts)
                raise UsageError(
                    f"{place}: Zuul never votes {VERIFIED} {wanted}: the site's votes are {largest} at most", _NEXT
                )


def _given(pipeline: dict[str, Any]) -> Iterator[tuple[Path_, int]]:
    """The votes that a pipeline's reports give."""
    for report in _REPORTS:
        actions = pipeline.get(report)
        for name, action in actions.items() if isinstance(actions, dict) else ():
            for path, one in _each(action):
                if isinstance(one, dict):
                    for label in _own_labels(one):
                        yield from (((report, name, *path, label), amount) for amount in _amounts(one[label]))


def _required(pipeline: dict[str, Any], user: str) -> Iterator[tuple[Path_, list[int]]]:
    """The votes of Zuul's that a pipeline, or one of its triggers, waits for."""
    require = pipeline.get("require")
    if isinstance(require, dict):
        yield from _clauses(("require", "approval"), require.get("approval"), user, anybody=False)
    triggers = pipeline.get("trigger")
    for name, events in triggers.items() if isinstance(triggers, dict) else ():
        for path, event in _each(events):
            if isinstance(event, dict):
                here: Path_ = ("trigger", name, *path)
                ours = any(user in str(one) for _, one in _each(event.get("username")) if one)
                yield from _clauses((*here, "approval"), event.get("approval"), user, anybody=ours)
                yield from _clauses((*here, "require-approval"), event.get("require-approval"), user, anybody=False)


def _clauses(path: Path_, clauses: Any, user: str, *, anybody: bool) -> Iterator[tuple[Path_, list[int]]]:
    """The amounts of each clause that names ``user``, or of all where ``anybody``'s votes are Zuul's."""
    for inner, clause in _each(clauses):
        if isinstance(clause, dict) and (anybody or user in str(clause.get("username", ""))):
            for label in _own_labels(clause):
                amounts = _amounts(clause[label])
                if amounts:
                    yield (*path, *inner, label), amounts


def _own_labels(votes: dict[str, Any]) -> list[str]:
    """The keys of ``votes`` that are the label that Zuul votes on. Gerrit takes it in capitals and without."""
    return [key for key in votes if str(key).lower() == VERIFIED.lower()]


def _each(value: Any) -> Iterator[tuple[Path_, Any]]:
    """What a list has, with its place in it; or what stands alone."""
    if isinstance(value, list):
        yield from (((index,), one) for index, one in enumerate(value))
    elif value is not None:
        yield (), value


def _amounts(value: Any) -> list[int]:
    found = value if isinstance(value, list) else [value]
    return [int(one) for one in found if not isinstance(one, bool) and str(one).lstrip("+-").isdigit()]

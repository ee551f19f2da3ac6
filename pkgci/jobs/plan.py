"""What a deployment of the jobs would do: a comparison of the wanted jobs with the live ones. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from xml.etree import ElementTree

from pkgci.jobs.mark import is_own
from pkgci.jobs.normal import normal, parse
from pkgci.jobs.render import RenderedJob


class Action(StrEnum):
    """What becomes of a job."""

    ADDED = "added"
    CHANGED = "changed"
    RETIRED = "retired"


@dataclass(frozen=True)
class Change:
    """One job that is not as declared.

    ``wanted`` is the config.xml it should have, None for a retired one; ``live`` the one it has in Jenkins, None for an
    added one. ``diff`` are the lines of a unified diff of their normal forms.
    """

    name: str
    action: Action
    wanted: str | None
    live: str | None
    diff: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """The changes, sorted by action and name; how many jobs are as declared; and the wanted names that others have.

    ``foreign`` are jobs that pkgci did not create: they are never touched, so a plan with such a clash is not done.
    """

    changes: tuple[Change, ...]
    unchanged: int = 0
    foreign: tuple[str, ...] = ()

    def of(self, action: Action) -> tuple[Change, ...]:
        """The changes of one kind."""
        return tuple(change for change in self.changes if change.action is action)

    def to_do(self, *, delete_retired: bool) -> tuple[Change, ...]:
        """What is done, in this order: additions, changes and, where asked for, deletions."""
        return tuple(change for change in self.changes if delete_retired or change.action is not Action.RETIRED)


class NoJobError(ValueError):
    """What Jenkins has as a job's config.xml is no XML."""


def make_plan(site: str, wanted: Iterable[RenderedJob], live: Mapping[str, str]) -> Plan:
    """The plan that makes the jobs of ``site`` as ``wanted``.

    ``live`` has the config.xml of the jobs in Jenkins: all that have a wanted name, and others that may be the site's.
    Raises ``NoJobError`` where one of them cannot be read.
    """
    changes: list[Change] = []
    foreign: list[str] = []
    unchanged = 0
    names = set()
    for job in wanted:
        names.add(job.name)
        current = live.get(job.name)
        if current is None:
            changes.append(_change(job.name, Action.ADDED, job.xml, None))
        elif current == job.xml:
            unchanged += 1
        elif not is_own(_parsed(job.name, current), site, job.name):
            foreign.append(job.name)
        elif same(job.name, current, job.xml):
            unchanged += 1
        else:
            changes.append(_change(job.name, Action.CHANGED, job.xml, current))
    for name, current in live.items():
        if name not in names and is_own(_parsed(name, current), site, name):
            changes.append(_change(name, Action.RETIRED, None, current))
    order = list(Action)
    changes.sort(key=lambda change: (order.index(change.action), change.name))
    return Plan(tuple(changes), unchanged, tuple(sorted(foreign)))


def same(name: str, one: str, other: str) -> bool:
    """Whether two config.xml of the job ``name`` are the same to Jenkins. Raises ``NoJobError``."""
    return one == other or normal(_parsed(name, one)) == normal(_parsed(name, other))


def _change(name: str, action: Action, wanted: str | None, live: str | None) -> Change:
    old, new = ("" if text is None else normal(_parsed(name, text)) for text in (live, wanted))
    diff = difflib.unified_diff(
        old.splitlines(),
        new.splitlines(),
        "/dev/null" if live is None else f"{name} now",
        "/dev/null" if wanted is None else f"{name} next",
        lineterm="",
    )
    return Change(name, action, wanted, live, tuple(diff))


def _parsed(name: str, text: str) -> ElementTree.Element:
    try:
        return parse(text)
    except ElementTree.ParseError as error:
        raise NoJobError(f"the config.xml of the job '{name}' is no XML: {error}") from None

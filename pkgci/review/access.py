"""Gerrit's access rights, evaluated as Gerrit does: who may do what on which ref, from a project and its parents. Pure.

A project's access sections come before its parents', a more specific ref pattern before a less specific one. What an
exclusive permission does not grant, no less specific section grants; what a BLOCK takes, nobody gives back but the very
permission that blocks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pkgci.review.words import Range

# The sections' name for capabilities of the whole server, in All-Projects.
GLOBAL = "GLOBAL_CAPABILITIES"
# The name of the permission to vote a label begins so.
LABEL = "label-"

_NONE = Range(0, 0)


class Action(StrEnum):
    """What a rule does. The last two are of the capability `priority`."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    BLOCK = "BLOCK"
    BATCH = "BATCH"
    INTERACTIVE = "INTERACTIVE"


@dataclass(frozen=True)
class Rule:
    """What a permission means for one group, by its UUID. ``votes`` is a label's range."""

    group: str
    action: Action = Action.ALLOW
    votes: Range = _NONE


@dataclass(frozen=True)
class Permission:
    """A permission of a section: `read`, `submit`, `label-Verified`…"""

    name: str
    rules: tuple[Rule, ...]
    exclusive: bool = False


@dataclass(frozen=True)
class Section:
    """The permissions on the refs that a pattern names."""

    ref: str
    permissions: tuple[Permission, ...]

    def permission(self, name: str) -> Permission | None:
        """The permission called ``name``, which may be written in other letters."""
        return next((one for one in self.permissions if one.name.lower() == name.lower()), None)


@dataclass(frozen=True)
class Level:
    """The sections of one project in a line of parents."""

    project: str
    sections: tuple[Section, ...]


# A project, its parent, that one's parent, …, All-Projects.
Line = Sequence[Level]


@dataclass(frozen=True)
class Obstacle:
    """What takes a right away: a permission of a section of ``project``."""

    project: str
    ref: str
    permission: str
    exclusive: bool


def matches(pattern: str, ref: str) -> bool:
    """Whether the ref pattern of a section names ``ref``. One with a parameter (``${username}``) names no branch."""
    if "${" in pattern:
        return False
    if pattern.startswith("^"):
        try:
            return ref == pattern or re.fullmatch(pattern[1:], ref) is not None
        except re.error:
            return False
    if pattern.endswith("/*"):
        return ref.startswith(pattern[:-1])
    return pattern == ref


def rules(line: Line, permission: str, ref: str) -> Iterator[Rule]:
    """The rules that allow ``permission`` on ``ref`` to anybody."""
    seen = set()
    for _, section, found in _found(line, permission, ref):
        for rule in found.rules:
            if (section.ref, rule.group) not in seen:
                seen.add((section.ref, rule.group))
                if rule.action is Action.ALLOW:
                    yield rule
        if found.exclusive:
            return


def allowed(line: Line, permission: str, ref: str, groups: Collection[str]) -> bool:
    """Whether a member of ``groups`` has ``permission`` on ``ref``."""
    return not _blocks(line, permission, ref, groups) and any(
        rule.group in groups for rule in rules(line, permission, ref)
    )


def votes(line: Line, label: str, ref: str, groups: Collection[str]) -> Range:
    """What a member of ``groups`` may vote for ``label`` on ``ref``; 0…0 where that is nothing."""
    name = LABEL + label
    ranges = [rule.votes for rule in rules(line, name, ref) if rule.group in groups]
    low, high = min((one.low for one in ranges), default=0), max((one.high for one in ranges), default=0)
    for _, rule in _blocks(line, name, ref, groups):
        low, high = max(low, rule.votes.low + 1), min(high, rule.votes.high - 1)
    return Range(min(low, 0), max(high, 0))


def obstacle(line: Line, permission: str, ref: str, groups: Collection[str]) -> Obstacle | None:
    """What keeps ``permission`` on ``ref`` from a member of ``groups``, beside that nobody grants it."""
    for place, _ in _blocks(line, permission, ref, groups):
        return place
    for level, section, found in _found(line, permission, ref):
        if found.exclusive:
            return Obstacle(level.project, section.ref, permission, exclusive=True)
    return None


def granted(level: Level, ref: str, permission: str, rule: Rule) -> Level:
    """``level`` once ``permission`` on the pattern ``ref`` has ``rule``, in place of the same group's."""
    section = next((one for one in level.sections if one.ref == ref), Section(ref, ()))
    old = section.permission(permission) or Permission(permission, ())
    new = replace(old, rules=(*(one for one in old.rules if one.group != rule.group), rule))
    others = tuple(one for one in section.permissions if one is not old)
    sections = tuple(one for one in level.sections if one is not section)
    return replace(level, sections=(*sections, replace(section, permissions=(*others, new))))


def _found(line: Line, permission: str, ref: str) -> list[tuple[Level, Section, Permission]]:
    """Every ``permission`` on ``ref``: the most specific first, a project's before its parent's."""
    found = [
        (level, section, one)
        for level in line
        for section in level.sections
        if matches(section.ref, ref) and (one := section.permission(permission)) is not None
    ]
    return sorted(found, key=lambda triple: _width(triple[1].ref))


def _width(pattern: str) -> tuple[int, int]:
    """How little a pattern says of a ref that it names."""
    kind = 2 if pattern.startswith("^") else 1 if pattern.endswith("/*") else 0
    return (kind, -len(pattern))


def _blocks(line: Line, permission: str, ref: str, groups: Collection[str]) -> list[tuple[Obstacle, Rule]]:
    """The rules that block ``permission`` on ``ref`` for a member of ``groups``."""
    found = []
    for level, section, one in _found(line, permission, ref):
        mine = [rule for rule in one.rules if rule.group in groups]
        if any(rule.action is Action.ALLOW for rule in mine):
            continue
        place = Obstacle(level.project, section.ref, permission, exclusive=False)
        found += [(place, rule) for rule in mine if rule.action is Action.BLOCK]
    return found

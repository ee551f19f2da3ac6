"""What a live Gerrit has of what the CI needs: data, and how REST's answers become it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from pkgci.review.access import Action, Level, Permission, Rule, Section
from pkgci.review.words import Range

# Functions that make a label a requirement by themselves, as before Gerrit 3.5: reaching its highest vote.
_REQUIRING = frozenset({"MaxWithBlock", "MaxNoBlock"})


@dataclass(frozen=True)
class Label:
    """A label: where it is defined, its votes with what they mean, and whether a child may define it anew."""

    name: str
    project: str
    values: Mapping[int, str]
    function: str
    can_override: bool = True
    branches: tuple[str, ...] = ()

    @property
    def votes(self) -> Range:
        return Range(min(self.values, default=0), max(self.values, default=0))

    @property
    def requires(self) -> bool:
        """Whether a change without the label's highest vote cannot be submitted."""
        return self.function in _REQUIRING


@dataclass(frozen=True)
class Requirement:
    """A submit requirement, and the project that has it."""

    name: str
    project: str
    expression: str
    overridable: bool = False


@dataclass(frozen=True)
class Account:
    """An account of Gerrit: the keys that it logs in with (``TYPE BASE64``), its groups' UUIDs and names."""

    keys: tuple[str, ...]
    groups: Mapping[str, str]
    streams: bool


@dataclass(frozen=True)
class LiveProject:
    """A project of Gerrit. ``line``: its own access rights, and its parents'. ``branches`` have full names.

    ``labels`` and ``requirements`` are those of its parents, then its own. ``requirements`` is None for a Gerrit that
    has none of that kind (before 3.5).
    """

    name: str
    line: tuple[Level, ...]
    branches: tuple[str, ...]
    labels: tuple[Label, ...]
    requirements: tuple[Requirement, ...] | None
    submit_type: str

    def label(self, name: str) -> Label | None:
        """The label that changes of the project have: the nearest one that is not overruled by a parent."""
        held: Label | None = None
        for one in self.labels:
            if one.name.lower() == name.lower() and (held is None or held.can_override):
                held = one
        return held

    def requirement(self, name: str) -> Requirement | None:
        """The submit requirement that holds for the project's changes."""
        held: Requirement | None = None
        for one in self.requirements or ():
            if one.name.lower() == name.lower() and (held is None or held.overridable):
                held = one
        return held


@dataclass(frozen=True)
class Live:
    """What a Gerrit has. ``groups``: name → UUID; ``root`` is All-Projects.

    ``inactive``: the CI's account is there and cannot log in. ``namesake``: no account has the CI's user name, and whom
    Gerrit takes it for in paths of REST, by a full name, in words.
    """

    version: str
    account: Account | None
    inactive: bool
    groups: Mapping[str, str]
    root: LiveProject
    projects: Mapping[str, LiveProject | None] = field(default_factory=dict)
    namesake: str = ""


def level(project: str, info: Mapping[str, Any]) -> Level:
    """The access rights that ``project`` itself has (REST: ProjectAccessInfo)."""
    return Level(project, tuple(_section(ref, section) for ref, section in (info.get("local") or {}).items()))


def _section(ref: str, info: Mapping[str, Any]) -> Section:
    permissions = info.get("permissions") or {}
    return Section(ref, tuple(_permission(name, permission) for name, permission in permissions.items()))


def _permission(name: str, info: Mapping[str, Any]) -> Permission:
    rules = tuple(_rule(group, rule or {}) for group, rule in (info.get("rules") or {}).items())
    return Permission(name, rules, bool(info.get("exclusive")))


def _rule(group: str, info: Mapping[str, Any]) -> Rule:
    return Rule(group, Action(info.get("action", "ALLOW")), Range(int(info.get("min", 0)), int(info.get("max", 0))))


def label(info: Mapping[str, Any], project: str) -> Label:
    """A label's definition (REST: LabelDefinitionInfo)."""
    return Label(
        name=str(info["name"]),
        project=str(info.get("project_name", project)),
        values={int(vote): str(text) for vote, text in (info.get("values") or {}).items()},
        function=str(info.get("function", "NoBlock")),
        can_override=bool(info.get("can_override", False)),
        branches=tuple(info.get("branches") or ()),
    )


def requirement(info: Mapping[str, Any], project: str) -> Requirement:
    """A submit requirement (REST: SubmitRequirementInfo)."""
    return Requirement(
        name=str(info["name"]),
        project=project,
        expression=str(info.get("submittability_expression", "")),
        overridable=bool(info.get("allow_override_in_child_projects")),
    )


def group_id(info: Mapping[str, Any]) -> str:
    """A group's UUID, as access rights have it (REST: GroupInfo, where it is made ready for an address)."""
    return unquote(str(info["id"]))


def key_words(line: str) -> str:
    """The type and the body of a public key, without its comment."""
    return " ".join(line.split()[:2])

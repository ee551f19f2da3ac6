"""What ``pkgci-repository`` on the publisher answers, as data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Version:
    """One version of a source package for one target, and what was built from it. ``size`` is in bytes."""

    target: str
    kind: str
    source: str
    version: str
    packages: tuple[str, ...]
    size: int
    project: str
    change: str
    patchset: str
    published: datetime


@dataclass(frozen=True)
class Generation:
    """A state of the released repository that one can roll back to."""

    number: int
    made: datetime
    why: str
    versions: int


@dataclass(frozen=True)
class Review:
    """A review repository. ``changes`` are their numbers with their projects; ``closed`` is None while one is open."""

    name: str
    changes: tuple[tuple[str, str], ...]
    last: datetime | None
    closed: datetime | None
    targets: tuple[str, ...]
    versions: int
    size: int
    generations: int


@dataclass(frozen=True)
class Overview:
    """Everything that is published at ``url``. ``generation`` is None before the first one."""

    url: str
    generation: int | None
    generations: tuple[Generation, ...]
    released: tuple[Version, ...]
    reviews: tuple[Review, ...]


@dataclass(frozen=True)
class Plan:
    """What a change would mean for the state ``generation``. ``to`` is the state that a rollback goes back to."""

    generation: int
    gone: tuple[Version, ...]
    back: tuple[Version, ...]
    to: int | None = None


def overview(answer: Mapping[str, Any]) -> Overview:
    """What ``list`` answered. Raises ``KeyError``, ``TypeError`` and ``ValueError``."""
    return Overview(
        url=answer["url"],
        generation=answer["generation"],
        generations=tuple(
            Generation(one["number"], _moment(one["made"]), one["why"], one["versions"])
            for one in answer["generations"]
        ),
        released=_versions(answer["released"]),
        reviews=tuple(_review(one) for one in answer["reviews"]),
    )


def plan(answer: Mapping[str, Any]) -> Plan:
    """What ``remove`` or ``rollback`` answered that was to plan only. Raises as ``overview``."""
    return Plan(answer["generation"], _versions(answer["gone"]), _versions(answer["back"]), answer.get("to"))


def _versions(items: Iterable[Mapping[str, Any]]) -> tuple[Version, ...]:
    return tuple(
        Version(**{**item, "packages": tuple(item["packages"]), "published": _moment(item["published"])})
        for item in items
    )


def _review(item: Mapping[str, Any]) -> Review:
    return Review(
        name=item["name"],
        changes=tuple((one["change"], one["project"]) for one in item["changes"]),
        last=_moment(item["last"]) if item["last"] else None,
        closed=_moment(item["closed"]) if item["closed"] else None,
        targets=tuple(item["targets"]),
        versions=item["versions"],
        size=item["size"],
        generations=item["generations"],
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

"""What is published, and what a change of the released repository would mean: as data for machines. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..repository.manifest import Entry, Manifest
from ..repository.state import State


def entry(item: Entry) -> dict[str, Any]:
    """One version of one source package for one target, with what was built from it. ``size`` is in bytes."""
    return {
        "target": item.target,
        "kind": item.kind,
        "source": item.source,
        "version": item.version,
        "packages": sorted({file.package for file in item.files if file.architecture not in ("source", "src")}),
        "size": sum(file.size for file in item.files),
        "project": item.project,
        "change": item.change,
        "patchset": item.patchset,
        "published": item.published,
    }


def generation(number: int, manifest: Manifest) -> dict[str, Any]:
    """One state that the repository can be rolled back to."""
    return {"number": number, "made": manifest.made, "why": manifest.why, "versions": len(manifest.entries)}


def review(
    name: str, manifest: Manifest, state: State, generations: int, promoted: Mapping[str, str]
) -> dict[str, Any]:
    """A review repository in short. ``promoted``: change → when it was published as released (ISO 8601)."""
    closed = {number: promoted.get(number) for number in state.changes}
    return {
        "name": name,
        "changes": [
            {"change": number, "project": project, "closed": closed[number]}
            for number, project in state.changes.items()
        ],
        "last": state.last,
        "closed": None if None in closed.values() else max(filter(None, closed.values()), default=None),
        "targets": sorted(manifest.targets),
        "versions": len(manifest.entries),
        "size": sum(file.size for item in manifest.entries for file in item.files),
        "generations": generations,
    }


def chosen(manifest: Manifest, package: str, target: str | None, version: str | None) -> tuple[Entry, ...]:
    """The entries that have ``package`` (a source package, or one that was built from it)."""
    return tuple(
        item
        for item in manifest.entries
        if package in item.names and target in (None, item.target) and version in (None, item.version)
    )


def difference(before: Iterable[Entry], after: Iterable[Entry]) -> dict[str, list[dict[str, Any]]]:
    """What would be gone, and what would be back."""
    # By where its files are: a folder never has another content.
    old, new = ({(item.target, item.folder): item for item in entries} for entries in (before, after))
    return {
        "gone": [entry(item) for place, item in old.items() if place not in new],
        "back": [entry(item) for place, item in new.items() if place not in old],
    }

"""Runs of the gate, merges, and what becomes of them: what the tests of promote have in common."""

from __future__ import annotations

from pathlib import Path

import pytest
from pkgci_steps.inputs import Inputs
from pkgci_steps.repository.engine import Repository
from pkgci_steps.status import Ended, Status

from .conftest import TREE, World, versions

TARGETS = ("trixie", "bookworm", "rpm")
OTHER_TREE = "b" * 40


def gate(world: World, version: str, *targets: str, text: str = "", pipeline: str = "gate", **other: str) -> None:
    """A run of the gate for ``targets``, which passes."""
    other.setdefault("ref", f"refs/zuul/main/Z{other.get('change', '5')}")
    runs = [world.inputs(**{"pipeline": pipeline, "target": target, **other}) for target in targets]
    for inputs in runs:
        world.build(inputs, version, text=text)
        world.begin(inputs)
        world.publish_only(inputs)
    world.end(runs[0])


def gated(world: World, run: str = "Z5", change: str = "5") -> Repository:
    """What that run of the gate published."""
    return Repository(f"gate/{change}-{run}", world.publisher)


def merged(world: World, **other: str) -> Inputs:
    """What the promotion of the merged change is told."""
    return world.inputs(**{"pipeline": "promote", "target": "", "ref": "refs/heads/main", "tree": TREE, **other})


def refused(world: World, words: str, status: Status, *targets: str, **other: str) -> str:
    """The change is merged, and not published; returns why."""
    before = versions(world.released)
    with pytest.raises(Ended, match=words) as ended:
        world.promote(merged(world, **other), *targets)
    assert ended.value.status is status
    assert versions(world.released) == before
    return ended.value.reason


def gates_file(world: World, run: str = "Z5") -> Path:
    """The package that that run of the gate tested."""
    return next((gated(world, run).folder / "shared").rglob("*.deb"))

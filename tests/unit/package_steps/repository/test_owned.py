"""Which names of a change's packages are its project's own: these may stand before the distribution's in check."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pkgci_steps.repository.built import Built
from pkgci_steps.repository.manifest import File, Manifest
from pkgci_steps.repository.owned import owned
from pkgci_steps.settings import Project

from .conftest import World

GREET, WORDCOUNT = (Project(f"packaging/{name}", ("trixie",)) for name in ("greet", "wordcount"))
HAS = {"gperf": frozenset({"gperf"}), "cowsay": frozenset({"cowsay"}), "cowsay-off": frozenset({"cowsay"})}


def built(source: str, *packages: str) -> Built:
    return Built(source, "1-1", tuple(File(name, 1, "0", name, "1-1", "all", "0") for name in packages))


@pytest.mark.parametrize(
    ("project", "source", "packages", "own"),
    [
        ("packaging/greet", "greet", ("greet", "gperf"), ()),
        ("packaging/cowsay", "cowsay", ("cowsay", "cowsay-off", "gperf"), ("cowsay", "cowsay-off")),
        # It calls itself so, and is not: the project's name is the site's word.
        ("packaging/greet", "cowsay", ("cowsay",), ()),
        ("packaging/cowsay", "greet", ("cowsay",), ()),
    ],
)
def test_a_rebuild_of_the_distributions_source_package_by_its_project_has_its_names(
    project: str, source: str, packages: tuple[str, ...], own: tuple[str, ...]
) -> None:
    assert owned(Project(project, ("trixie",)), "deb", built(source, *packages), Manifest("", ""), HAS) == own


def test_what_a_project_released_is_its_own_and_what_another_one_did_is_not(world: World) -> None:
    mine, _ = world.entry("greet", "1.0")
    others = replace(world.entry("wordcount", "1.0")[0], kind="rpm")
    released = Manifest("", "", (), (mine, others))
    assert owned(GREET, "deb", built("greet", "greet", "wordcount"), released, {}) == ("greet",)
    assert owned(WORDCOUNT, "deb", built("x", "greet", "wordcount"), released, {}) == ()
    assert owned(WORDCOUNT, "rpm", built("x", "greet", "wordcount"), released, {}) == ("wordcount",)

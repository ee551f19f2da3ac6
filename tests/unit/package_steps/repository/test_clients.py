"""What apt itself finds in what is published, on machines of several architectures."""

from __future__ import annotations

from pathlib import Path

import pytest

from .real import Package, RealWorld, client, needs_tools

VERSION = "1.0-1~c5.2"
INSTALLER = "main/debian-installer"


@pytest.fixture
def published(tmp_path: Path) -> RealWorld:
    """A publisher with packages of every kind."""
    world = RealWorld(tmp_path)
    kinds = (
        Package("greet"),
        Package("greet-data", "all"),
        Package("greet-dbgsym", suffix=".ddeb", fields="Package-Type: ddeb\n"),
        Package("greet-udeb", suffix=".udeb", fields="Section: debian-installer\n"),
    )
    world.build_of(world.inputs(), "greet", VERSION, kinds)
    world.review(world.inputs())
    return world


@needs_tools
def test_a_machine_of_another_architecture_has_what_is_made_for_all(published: RealWorld) -> None:
    assert client(published, "review/5", "arm64") == ["greet-data"]
    assert client(published, "review/5", "amd64") == ["greet", "greet-data", "greet-dbgsym"]


@needs_tools
def test_an_installer_finds_its_packages_and_nobody_else_does(published: RealWorld) -> None:
    assert client(published, "review/5", "amd64", INSTALLER) == ["greet-udeb"]

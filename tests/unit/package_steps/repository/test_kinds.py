"""Which kinds of files of a build are published, and where their users find them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pkgci_steps.repository.engine import Repository
from pkgci_steps.repository.manifest import Entry
from pkgci_steps.status import Ended

from .conftest import World
from .readers import check_readable

VERSION = "1.0-1~c5.2"
SUITE = "current/deb/dists/trixie"


def publish(world: World, *kinds: tuple[str, str, str], parts: dict[str, str] | None = None) -> Repository:
    """A build with packages of these names, architectures and suffixes, published."""
    folder = world.build(world.inputs(), VERSION)
    next(folder.glob("*.deb")).unlink()
    for package, architecture, suffix in kinds:
        world.deb(folder, "greet", VERSION, package=package, architecture=architecture, suffix=suffix)
    if parts:
        next(folder.glob("*.tar.xz")).unlink()
        world.sources(folder, "greet", VERSION, parts)
    world.say(folder, world.inputs())
    world.review(world.inputs())
    return Repository("review/5", world.publisher)


def listed(repository: Repository, index: str) -> list[str]:
    path = repository.folder / SUITE / index
    return sorted(re.findall(r"^Package: (.*)$", path.read_text(), re.MULTILINE)) if path.exists() else []


def entry(repository: Repository) -> Entry:
    (one,) = repository.manifest().entries
    return one


def test_an_installers_packages_are_in_a_component_of_their_own(world: World) -> None:
    repository = publish(world, ("greet", "amd64", ".deb"), ("greet-udeb", "amd64", ".udeb"))
    assert listed(repository, "main/binary-amd64/Packages") == ["greet"]
    assert listed(repository, "main/debian-installer/binary-amd64/Packages") == ["greet-udeb"]
    release = (repository.folder / SUITE / "Release").read_text()
    assert "\nComponents: main\n" in release
    assert "main/debian-installer/binary-amd64/Packages.gz\n" in release
    check_readable(repository)


def test_a_source_may_make_packages_for_an_installer_and_no_others(world: World) -> None:
    repository = publish(world, ("greet-udeb", "all", ".udeb"))
    assert listed(repository, "main/debian-installer/binary-all/Packages") == ["greet-udeb"]


def test_a_suite_without_packages_for_an_installer_has_no_component_for_them(world: World) -> None:
    repository = publish(world, ("greet", "all", ".deb"))
    assert not (repository.folder / SUITE / "main/debian-installer").exists()


def test_an_installers_packages_stay_when_the_suite_is_taken_over_as_it_is(world: World) -> None:
    repository = publish(world, ("greet", "amd64", ".deb"), ("greet-udeb", "amd64", ".udeb"))
    world.publish(world.entry("other", "1.0", "bookworm"), name="review/5")
    assert listed(repository, "main/debian-installer/binary-amd64/Packages") == ["greet-udeb"]
    check_readable(repository)


@pytest.mark.parametrize(
    ("package", "suffix", "words"),
    [
        ("greet", ".ddeb", r"greet_\S+\.ddeb: \.ddeb is for packages of debugging symbols"),
        ("greet", ".udeb", "are the same package"),
        ("greet-dbgsym", ".deb", "are the same package"),
    ],
)
def test_a_package_is_one_file_and_none_that_is_tested_passes_for_debugging_symbols(
    world: World, package: str, suffix: str, words: str
) -> None:
    with pytest.raises(Ended, match=words):
        publish(world, ("greet", "amd64", ".deb"), ("greet-dbgsym", "amd64", ".ddeb"), (package, "amd64", suffix))


@pytest.mark.parametrize("suffix", [".deb", ".ddeb"])
def test_packages_of_debugging_symbols_are_published_beside_those_that_they_are_for(world: World, suffix: str) -> None:
    repository = publish(world, ("greet", "amd64", ".deb"), ("greet-dbgsym", "amd64", suffix))
    assert listed(repository, "main/binary-amd64/Packages") == ["greet", "greet-dbgsym"]
    check_readable(repository)


@pytest.mark.parametrize(
    "parts",
    [
        ("greet_1.0.orig.tar.gz", f"greet_{VERSION}.diff.gz"),
        ("greet_1.0.orig.tar.xz", "greet_1.0.orig.tar.xz.asc", f"greet_{VERSION}.debian.tar.xz"),
        ("greet_1.0.orig.tar.xz", "greet_1.0.orig-docs.tar.xz", f"greet_{VERSION}.debian.tar.xz"),
    ],
)
def test_every_part_of_a_source_package_is_published(world: World, parts: tuple[str, ...]) -> None:
    repository = publish(world, ("greet", "all", ".deb"), parts={name: f"content of {name}" for name in parts})
    assert {file.name for file in entry(repository).files if file.architecture == "source"} == {
        *parts,
        f"greet_{VERSION}.dsc",
    }


def test_packages_of_every_architecture_are_in_lists_of_their_own(world: World) -> None:
    """So that clients of an architecture that nothing was built for have what is made for all (case 18)."""
    repository = publish(world, ("greet", "amd64", ".deb"), ("greet-data", "all", ".deb"))
    assert listed(repository, "main/binary-amd64/Packages") == ["greet"]
    assert listed(repository, "main/binary-all/Packages") == ["greet-data"]
    release = (repository.folder / SUITE / "Release").read_text()
    assert "\nArchitectures: all amd64\n" in release
    assert "No-Support-for-Architecture-all" not in release
    assert Path(repository.folder / SUITE / "main/binary-all/by-hash/SHA256").is_dir()


def test_an_rpm_may_have_any_version_that_rpm_allows(world: World) -> None:
    inputs = world.inputs(target="rpm")
    world.build(inputs, "1.0^git20240101~rc1-1~c5.2")
    world.review(inputs)
    repository = Repository("review/5", world.publisher)
    assert entry(repository).version == "1.0^git20240101~rc1-1~c5.2"
    check_readable(repository)

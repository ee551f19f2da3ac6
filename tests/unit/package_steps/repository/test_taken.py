"""Versions that another package has already: refused when they are published for review, and not first in the gate."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping

import pytest
from pkgci_steps.inputs import Inputs
from pkgci_steps.repository.engine import Repository
from pkgci_steps.repository.known import Known, Package
from pkgci_steps.repository.taken import following
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status

from .conftest import World, versions
from .tools import sha256

Has = Mapping[tuple[str, str], frozenset[str]]


@pytest.fixture
def distribution(world: World) -> Callable[[Has], None]:
    """Lets the distribution have something."""

    def has(packages: Has) -> None:
        def ask(_target: Target, names: Collection[str]) -> Known:
            return Known(
                tuple(
                    Package(name, version, "greet", checksum)
                    for (name, version), contents in packages.items()
                    for checksum in contents
                    if name in names
                )
            )

        world.publisher = dataclasses.replace(world.publisher, distribution=ask)

    return has


def push(world: World, version: str, *, text: str = "", **other: str) -> Inputs:
    """A build that is published."""
    inputs = world.inputs(**other)
    world.build(inputs, version, text=text)
    world.review(inputs)
    return inputs


def refused(world: World, version: str, *, text: str = "", **other: str) -> str:
    """Why a build is not published: the package is at fault."""
    with pytest.raises(Ended) as ended:
        push(world, version, text=text, **other)
    assert ended.value.status is Status.FAILED
    return ended.value.reason


GATE = {"pipeline": "gate", "ref": "refs/zuul/main/Zgate"}


@pytest.mark.parametrize(("version", "words"), [("3.03+dfsg2-8~c5.2", {}), ("3.03+dfsg2-8", GATE)])
def test_a_version_that_the_distribution_has_with_other_content_is_refused_in_check_and_gate(
    world: World, distribution: Callable[[Has], None], version: str, words: dict[str, str]
) -> None:
    distribution({("greet", "3.03+dfsg2-8"): frozenset({"0" * 64})})
    plain = dataclasses.replace(world.settings.targets["trixie"], version_suffix="")
    world.settings = dataclasses.replace(world.settings, targets={"trixie": plain})
    reason = refused(world, version, **words)
    assert "greet 3.03+dfsg2-8 is in the distribution (trixie) too, with other content" in reason
    assert "such as 3.03+dfsg2-8+lab1" in reason and "`version_suffix:`" in reason


def test_a_version_of_its_own_that_the_distribution_has_is_refused(
    world: World, distribution: Callable[[Has], None]
) -> None:
    distribution({("greet", "12.2.0-1"): frozenset({"0" * 64})})
    with pytest.raises(Ended, match=r"name a version of your own for this package, such as 12\.2\.0-1\+lab1$"):
        _own(world, "1.0-1+ci+lab~deb13~c5.2", "12.2.0-1")


def test_what_is_the_distributions_own_package_to_the_byte_is_published(
    world: World, distribution: Callable[[Has], None]
) -> None:
    inputs = world.inputs(**GATE)
    folder = world.build(inputs, "1.0-1")
    distribution({("greet", "1.0-1"): frozenset({sha256((folder / "greet_1.0-1_all.deb").read_bytes())})})
    assert "is published" in world.review(inputs)


def test_another_version_of_the_distributions_is_no_obstacle(world: World, distribution: Callable[[Has], None]) -> None:
    distribution({("greet", "1.0-1+b1"): frozenset({"0" * 64}), ("sl", "1.0-1"): frozenset({"0" * 64})})
    push(world, "1.0-1~c5.2")
    push(world, "1.0-1+ci+lab~deb13~c5.2")


@pytest.mark.parametrize(
    ("target", "released", "checked", "following"),
    [
        ("trixie", "1.0-1+ci+lab~deb13", "1.0-1+ci+lab~deb13~c5.2", "in debian/changelog, such as 1.0-2"),
        ("trixie", "1.1.0+ci+lab~deb13", "1.1.0+ci+lab~deb13~c5.2", "in debian/changelog, such as 1.1.1"),
        ("rpm", "1.0-1.deb13.lab", "1.0-1.deb13.lab~c5.2", "in the spec file, such as 1.0-2"),
    ],
)
def test_a_released_version_is_refused_for_other_content_with_one_to_use(
    world: World, target: str, released: str, checked: str, following: str
) -> None:
    world.publish(world.entry("greet", released, target))
    reason = refused(world, checked, target=target)
    assert f"greet {released} was released before, with other content: name the next version {following}" in reason
    assert "was released before" in refused(world, released, target=target, **GATE)
    other = {"trixie": "bookworm", "rpm": "rpm"}[target]
    push(world, checked.replace("1.0-1.", "1.0-2.") if target == "rpm" else checked, target=other)


def test_the_version_to_use_comes_after_all_that_were_released(world: World) -> None:
    for version in ("1.0-1+ci+lab~deb13", "1.0-9+ci+lab~deb13", "1.0-10+ci+lab~deb13"):
        world.publish(world.entry("greet", version))
    assert "such as 1.0-11" in refused(world, "1.0-9+ci+lab~deb13~c5.2")


def test_a_check_of_the_very_tree_that_was_released_is_no_other_content(world: World) -> None:
    gate = push(world, "1.0-1", tree="a" * 40, **GATE)
    world.promote(dataclasses.replace(gate, pipeline=""))
    push(world, "1.0-1~c6.1", change="6", patchset="1", tree="a" * 40)
    for tree in ("b" * 40, ""):
        assert "was released before" in refused(world, "1.0-1~c6.2", change="6", tree=tree)
    assert "was released before" in refused(world, "1.0-1", text="other", change="6", tree="a" * 40, **GATE)


def test_the_released_package_itself_may_be_published_again(world: World) -> None:
    gate = push(world, "1.0-1", **GATE)
    world.promote(dataclasses.replace(gate, pipeline=""))
    push(world, "1.0-1", pipeline="republish", ref="refs/zuul/main/Zagain")


def test_the_version_of_a_change_ahead_in_the_gate_is_refused(world: World) -> None:
    push(world, "1.0-2", change="4", patchset="1", pipeline="gate", ref="refs/zuul/main/Zahead")
    behind = dataclasses.replace(world.inputs(**GATE), ahead=("4-Zahead",))
    world.build(behind, "1.0-2", text="other")
    with pytest.raises(Ended, match=r"greet 1\.0-2 is of change 4 too, which is ahead of this one.*such as 1\.0-3"):
        world.review(behind)
    world.build(behind, "1.0-3", text="other")
    assert "is published" in world.review(behind)


CONTROL = "Source: greet ({})\n"


def _own(world: World, source: str, own: str, **other: str) -> str:
    """Publishes a source package whose package has a version of its own."""
    inputs = world.inputs(**other)
    folder = world.build(inputs, source)
    (folder / f"greet_{source}_all.deb").unlink()
    world.deb(folder, "greet", own, control=CONTROL.format(source))
    world.say(folder, inputs)
    return world.review(inputs)


def test_a_package_with_a_version_of_its_own_is_published_in_check_and_gate(world: World) -> None:
    assert "is published" in _own(world, "1.0-1~c5.2", "12.2.0-1")
    assert "is published" in _own(world, "1.0-1", "12.2.0-1", **GATE)


def test_a_review_repository_has_one_content_of_a_version_of_its_own(world: World) -> None:
    _own(world, "1.0-1~c5.1", "12.2.0-1", patchset="1")
    _own(world, "1.0-1~c5.2", "12.2.0-1")
    _own(world, "1.0-1", "12.2.0-1", **GATE)
    review, gated = (Repository(name, world.publisher) for name in ("review/5", "gate/5-Zgate"))
    assert versions(review) == ["trixie greet 1.0-1~c5.2"]
    assert versions(gated) == ["trixie greet 1.0-1"]
    _own(world, "1.0-1~c5.3", "12.2.0-1", patchset="3")
    assert versions(review) == ["trixie greet 1.0-1~c5.3"]
    assert "published greet 1.0-1" in world.promote(world.inputs(pipeline=""))


def test_a_package_of_a_release_does_not_have_a_check_builds_version(world: World) -> None:
    with pytest.raises(Ended, match=r"greet has the version 12\.2\.0-1~c5\.2, which is no release"):
        _own(world, "1.0-1", "12.2.0-1~c5.2", **GATE)


def test_a_version_of_its_own_that_was_released_before_is_refused(world: World) -> None:
    _own(world, "1.0-1", "12.2.0-1", **GATE)
    world.promote(world.inputs(pipeline=""))
    with pytest.raises(Ended, match=r"greet 12\.2\.0-1 was released before.*for this package, such as 12\.2\.0-2"):
        _own(world, "1.0-2~c6.1", "12.2.0-1", change="6", patchset="1")


@pytest.mark.parametrize(
    ("kind", "version", "next_one"),
    [
        ("deb", "1.0", "1.1"),
        ("deb", "1.0-1+deb13u9+ci+lab~deb13", "1.0-1+deb13u10"),
        ("deb", "2:1.0a", "2:1.1"),
        ("rpm", "1.0-9.el9", "1.0-10"),
        ("rpm", "1:1.0^git2-0.3.rc1", "1:1.0^git2-1"),
    ],
)
def test_the_next_version_is_the_last_number_plus_one_without_what_the_target_adds(
    kind: str, version: str, next_one: str
) -> None:
    assert following(version, Target("t", kind, version_suffix="+ci+lab~deb13")) == next_one

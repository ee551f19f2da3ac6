"""A file keeps its bytes from release to release."""

from __future__ import annotations

import pytest
from pkgci_steps.inputs import Inputs
from pkgci_steps.repository import places
from pkgci_steps.repository.engine import Repository
from pkgci_steps.status import Ended, Status

from .conftest import World

ORIG = "greet_1.0.orig.tar.xz"


def publish(world: World, inputs: Inputs, version: str, **parts: str) -> None:
    """A build whose upstream tarballs have these contents."""
    folder = world.build(inputs, version)
    next(folder.glob("*.tar.xz")).unlink()
    contents = {name.replace("__", "."): text for name, text in parts.items()} or {ORIG: "upstream's files"}
    world.sources(folder, "greet", version, {**contents, f"greet_{version}.debian.tar.xz": version})
    world.say(folder, inputs)
    world.review(inputs)


def gate(world: World, change: str, **other: str) -> Inputs:
    return world.inputs(pipeline="gate", change=change, ref=f"refs/zuul/main/Z{change}", tree="a" * 40, **other)


def release(world: World, change: str, version: str, **other: str) -> None:
    publish(world, gate(world, change, **other), version)
    world.promote(world.inputs(pipeline="promote", change=change, tree="a" * 40), other.get("target", "trixie"))


def refused(world: World, inputs: Inputs, version: str, words: str, **parts: str) -> None:
    with pytest.raises(Ended, match=words) as ended:
        publish(world, inputs, version, **parts)
    assert ended.value.status is Status.FAILED
    assert not Repository(places.own(inputs), world.publisher).exists


def test_other_files_of_upstreams_under_a_released_name_are_refused_in_check_and_in_the_gate(world: World) -> None:
    release(world, "1", "1.0-1")
    words = r"greet_1.0.orig.tar.xz was published before, with greet 1.0-1, and has other content.*debian/patches"
    refused(world, world.inputs(), "1.0-2~c5.2", words, greet_1__0__orig__tar__xz="and one more")
    refused(world, gate(world, "5"), "1.0-2", r"as 1.0\+ds1", greet_1__0__orig__tar__xz="and one more")


def test_every_part_of_upstreams_is_compared(world: World) -> None:
    parts = {"greet_1__0__orig__tar__xz": "files", "greet_1__0__orig-docs__tar__xz": "docs"}
    publish(world, gate(world, "1"), "1.0-1", **parts)
    world.promote(world.inputs(pipeline="promote", change="1", tree="a" * 40))
    parts["greet_1__0__orig-docs__tar__xz"] = "other docs"
    refused(world, world.inputs(), "1.0-2~c5.2", "greet_1.0.orig-docs.tar.xz was published before", **parts)


def test_a_second_and_a_third_revision_with_the_released_tarball_are_published(world: World) -> None:
    for change, version in (("1", "1.0-1"), ("2", "1.0-2"), ("3", "1.0-3")):
        release(world, change, version)
    assert [entry.version for entry in world.released.manifest().entries] == ["1.0-1", "1.0-2", "1.0-3"]
    publish(world, world.inputs(), "1.0-4~c5.2")


def test_a_new_version_of_upstreams_has_a_name_of_its_own(world: World) -> None:
    release(world, "1", "1.0-1")
    publish(world, world.inputs(), "1.1-1~c5.2", greet_1__1__orig__tar__xz="other files")


def test_what_another_target_has_is_another_archives(world: World) -> None:
    release(world, "1", "1.0-1")
    inputs = world.inputs(target="bookworm")
    publish(world, inputs, "1.0-1~c5.2", greet_1__0__orig__tar__xz="other files")


@pytest.mark.parametrize("pipeline", ["check", "gate"])
def test_the_changes_before_it_count_as_released(world: World, pipeline: str) -> None:
    version, later = ("1.0-1~c1.2", "1.0-2~c5.2") if pipeline == "check" else ("1.0-1", "1.0-2")
    publish(world, world.inputs(pipeline=pipeline, change="1"), version)
    stacked = world.inputs(pipeline=pipeline, changes=(("1", "2"), ("5", "2")), ahead=("1-Z5",))
    refused(world, stacked, later, f"published before, with greet {version}", greet_1__0__orig__tar__xz="more")
    publish(world, world.inputs(pipeline=pipeline), later, greet_1__0__orig__tar__xz="more")


def test_another_run_of_the_gate_for_a_change_before_it_does_not_count(world: World) -> None:
    publish(world, world.inputs(pipeline="gate", change="1", patchset="2", ref="refs/zuul/main/Zreset"), "1.0-1")
    stacked = world.inputs(pipeline="gate", changes=(("1", "2"), ("5", "2")), ahead=("1-Z5",))
    publish(world, stacked, "1.0-1", greet_1__0__orig__tar__xz="other files")


def test_a_released_package_with_other_content_is_refused_before_it_is_tested(world: World) -> None:
    for target in ("trixie", "rpm"):
        inputs = gate(world, "1", target=target)
        world.build(inputs, "1.0-1")
        world.review(inputs)
    world.promote(world.inputs(pipeline="promote", change="1", tree="a" * 40), "trixie", "rpm")
    for target in ("trixie", "rpm"):
        inputs = gate(world, "6", target=target)
        world.build(inputs, "1.0-1", text="other")
        with pytest.raises(Ended, match=r"greet 1\.0-1 was released before, with other content: name the next version"):
            world.review(inputs)

"""What becomes of a merged change in the released repository."""

from __future__ import annotations

import pytest
from pkgci_steps.status import Ended, Status

from .conftest import TREE, World, versions
from .promoting import OTHER_TREE, TARGETS, gate, gated, gates_file, merged, refused
from .readers import check_readable


def test_all_targets_become_visible_at_once(world: World) -> None:
    gate(world, "1.0-1", *TARGETS)
    assert world.promote(merged(world), *TARGETS).startswith("published greet 1.0-1 for trixie, greet 1.0-1")
    assert versions(world.released) == [f"{target} greet 1.0-1" for target in TARGETS]
    assert len(world.released.generations()) == 1
    check_readable(world.released)


def test_what_is_published_is_what_was_tested_to_the_byte(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    world.promote(merged(world))
    tested, published = (
        {file.name: file.sha256 for file in one.manifest().entries[0].files} for one in (gated(world), world.released)
    )
    assert tested == published


def test_an_rpm_has_the_release_keys_signature_and_the_content_that_was_tested(world: World) -> None:
    gate(world, "1.0-1", "rpm")
    world.keys = ("RELEASE!",)
    world.promote(merged(world), "rpm")
    tested = gated(world).manifest().entries[0].files
    published = world.released.manifest().entries[0]
    assert [file.content for file in tested] == [file.content for file in published.files]
    path = world.released.folder / "current" / published.folder / published.files[0].name
    assert b"RELEASE!" in path.read_bytes()


def test_the_last_run_of_the_gate_is_the_one_that_counts(world: World) -> None:
    gate(world, "1.0-1", "trixie", text="first", ref="refs/zuul/main/Z8")
    gate(world, "1.0-1", "trixie", text="second", ref="refs/zuul/main/Z1")
    world.promote(merged(world))
    package = next((world.released.folder / "current/deb/pool").rglob("*.deb"))
    assert b"second" in package.read_bytes()


def test_the_gates_files_are_there_when_a_later_check_has_published(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    inputs = world.inputs(patchset="3", ref="refs/zuul/main/Z6")
    world.build(inputs, "1.0-1~c5.3")
    world.review(inputs)
    world.promote(merged(world))
    assert versions(world.released) == ["trixie greet 1.0-1"]


def test_a_later_run_of_the_gate_takes_nothing_of_an_earlier_ones(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    gate(world, "1.0-1", "trixie", text="other", patchset="3", ref="refs/zuul/main/Z6", tree=OTHER_TREE)
    world.promote(merged(world))
    assert gated(world).manifest().entries[0].files == world.released.manifest().entries[0].files


def test_published_again_is_passed_over(world: World) -> None:
    gate(world, "1.0-1", *TARGETS)
    world.promote(merged(world), *TARGETS)
    assert world.promote(merged(world), *TARGETS).endswith("all of it was published before")
    assert len(world.released.generations()) == 1


def test_an_older_version_is_refused(world: World) -> None:
    world.publish(world.entry("greet", "2.0-1"))
    gate(world, "1.0-1", "trixie")
    refused(world, "newer version 2.0-1 was published before", Status.FAILED)


def test_the_same_version_with_another_content_is_refused(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    gate(world, "1.0-1", "trixie", text="other", change="6")
    world.promote(merged(world))
    refused(world, "with other content: give it a new version", Status.FAILED, change="6")


def test_an_upstream_tarball_with_other_bytes_than_the_released_one_is_not_published(world: World) -> None:
    for change, version, content in (("5", "1.0-1", "upstream's files"), ("6", "1.0-2", "and one more")):
        inputs = world.inputs(pipeline="gate", change=change, ref=f"refs/zuul/main/Z{change}")
        folder = world.build(inputs, version)
        next(folder.glob("*.tar.xz")).unlink()
        world.sources(folder, "greet", version, {"greet_1.0.orig.tar.xz": content})
        world.say(folder, inputs)
        world.review(inputs)
    world.promote(merged(world))
    refused(world, r"greet_1.0.orig.tar.xz was published before, with greet 1.0-1", Status.FAILED, change="6")


def test_what_one_target_forbids_is_published_for_none(world: World) -> None:
    world.publish(world.entry("greet", "2.0-1", "rpm"))
    gate(world, "1.0-1", *TARGETS)
    refused(world, "greet 1.0-1 for rpm: the newer version", Status.FAILED, *TARGETS)


def test_a_target_that_the_gate_did_not_test_is_published_for_none(world: World) -> None:
    gate(world, "1.0-1", "trixie", "rpm")
    refused(world, "no record of what the gate tested for bookworm", Status.INFRASTRUCTURE, *TARGETS)


def test_what_the_check_pipeline_published_is_no_release(world: World) -> None:
    world.build(world.inputs(), "1.0-1~c5.2")
    world.review(world.inputs())
    refused(world, "no record of what the gate tested", Status.INFRASTRUCTURE)


def test_a_merge_that_made_a_patch_set_of_its_own_with_the_tested_tree_is_published(world: World) -> None:
    gate(world, "1.0-1", *TARGETS)
    assert world.promote(merged(world, patchset="3"), *TARGETS).startswith("published greet 1.0-1 for trixie")


def test_a_merge_with_other_files_than_the_gate_tested_is_not_published_and_says_both_trees(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    for patchset in ("2", "3"):
        reason = refused(world, "not those that the gate tested", Status.FAILED, patchset=patchset, tree=OTHER_TREE)
        assert f"patch set 2 was tested with the tree {TREE[:12]}, and {OTHER_TREE[:12]} was merged" in reason
        assert reason.endswith(f"--pipeline republish --project packaging/greet --change 5,{patchset}")


def test_of_two_runs_of_the_gate_the_one_with_the_merged_tree_is_published(world: World) -> None:
    gate(world, "1.0-1", "trixie", text="merged", ref="refs/zuul/main/Z8")
    gate(world, "1.0-1", "trixie", text="other", ref="refs/zuul/main/Z9", tree=OTHER_TREE, patchset="3")
    world.promote(merged(world, patchset="4"))
    package = next((world.released.folder / "current/deb/pool").rglob("*.deb"))
    assert b"merged" in package.read_bytes()


def test_a_branch_that_was_tested_after_the_merge_is_published_whatever_its_tree(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    gate(world, "1.0-2", "trixie", pipeline="republish", ref="refs/zuul/main/Z9", tree="c" * 40, patchset="3")
    assert world.promote(merged(world, patchset="3", tree=OTHER_TREE)).startswith("published greet 1.0-2")


def test_a_merge_whose_tree_nobody_knows_is_not_published(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    world.notes["tested/Z5.json"]["tree"] = ""
    refused(world, "not those that the gate tested", Status.FAILED, tree="")


def test_by_hand_what_was_merged_is_published_and_no_other_patch_set(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    world.merge(merged(world))
    for other, words in (
        ({"patchset": "3"}, "merged as patch set 2, and not as 3"),
        ({"tree": OTHER_TREE}, "merged as tree"),
    ):
        with pytest.raises(Ended, match=words):
            world.promote_only(merged(world, pipeline="", **other))
    assert world.promote_only(merged(world, pipeline="", tree="")).startswith("published greet 1.0-1")


def test_tested_files_that_are_gone_name_the_command_that_repeats(world: World) -> None:
    reason = refused(world, "is gone", Status.INFRASTRUCTURE)
    assert reason.endswith("--pipeline republish --project packaging/greet --change 5,2")
    gate(world, "1.0-1", "trixie")
    gates_file(world).unlink()
    refused(world, "_all.deb for trixie in gate/5-Z5 is missing", Status.INFRASTRUCTURE)
    gate(world, "1.0-1", "trixie", pipeline="republish", ref="refs/zuul/main/Z9")
    assert world.promote(merged(world)).startswith("published greet 1.0-1")


def test_the_command_that_repeats_an_upstreams_change_names_upstreams_project(world: World) -> None:
    reason = refused(world, "is gone", Status.INFRASTRUCTURE, change_project="openstack/greet")
    assert reason.endswith("--pipeline republish --project openstack/greet --change 5,2")


def test_a_merged_change_of_upstream_publishes_the_package_that_was_tested_with_it(world: World) -> None:
    upstream = {"change_project": "openstack/greet", "upstream_commit": "d" * 40}
    for target in ("trixie", "rpm"):
        inputs = world.inputs(pipeline="gate", target=target, tree=TREE, **upstream)
        folder = world.build(inputs, "1.0-1")
        world.say(folder, inputs, upstream_commit="d" * 40)
        world.review(inputs)
    done = world.promote(merged(world, change_project="openstack/greet"), "trixie", "rpm")
    assert done.startswith("published greet 1.0-1 for trixie, greet 1.0-1 for rpm")


def test_a_tested_file_that_has_changed_since_is_not_published(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    gates_file(world).write_text("evil")
    refused(world, "not what was tested", Status.INFRASTRUCTURE)


def test_another_projects_package_is_not_published(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    other = world.entry("wordcount", "1.0-1")
    entry = other[0].__class__(**{**vars(other[0]), "source": "greet", "version": "0.1-1"})
    world.publish((entry, other[1]))
    refused(world, "belongs to packaging/wordcount", Status.FAILED)

"""What becomes of a merged change in the released repository."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pkgci_steps.inputs import Inputs
from pkgci_steps.repository import beneath
from pkgci_steps.repository.engine import Repository
from pkgci_steps.status import Ended, Status

from .conftest import TREE, World, check_readable, versions

TARGETS = ("trixie", "bookworm", "rpm")


OTHER_TREE = "b" * 40


def gate(world: World, version: str, *targets: str, text: str = "", pipeline: str = "gate", **other: str) -> None:
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
    return world.inputs(**{"pipeline": "promote", "target": "", "ref": "refs/heads/main", "tree": TREE, **other})


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
    assert '"signed": "RELEASE!"' in path.read_text()


def test_the_last_run_of_the_gate_is_the_one_that_counts(world: World) -> None:
    gate(world, "1.0-1", "trixie", text="first", ref="refs/zuul/main/Z8")
    gate(world, "1.0-1", "trixie", text="second", ref="refs/zuul/main/Z1")
    world.promote(merged(world))
    package = next((world.released.folder / "current/deb/pool").rglob("*.deb"))
    assert '"second"' in package.read_text()


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


def refused(world: World, words: str, status: Status, *targets: str, **other: str) -> str:
    before = versions(world.released)
    with pytest.raises(Ended, match=words) as ended:
        world.promote(merged(world, **other), *targets)
    assert ended.value.status is status
    assert versions(world.released) == before
    return ended.value.reason


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
    assert '"merged"' in package.read_text()


def test_a_branch_that_was_tested_after_the_merge_is_published_whatever_its_tree(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    gate(world, "1.0-2", "trixie", pipeline="republish", ref="refs/zuul/main/Z9", tree="c" * 40, patchset="3")
    assert world.promote(merged(world, patchset="3", tree=OTHER_TREE)).startswith("published greet 1.0-2")


def test_a_merge_whose_tree_nobody_knows_is_not_published(world: World) -> None:
    gate(world, "1.0-1", "trixie", tree="")
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
    _tested_file(world).unlink()
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
    _tested_file(world).write_text("evil")
    refused(world, "not what was tested", Status.INFRASTRUCTURE)


def _tested_file(world: World) -> Path:
    return next((gated(world).folder / "shared").rglob("*.deb"))


def test_another_projects_package_is_not_published(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    other = world.entry("wordcount", "1.0-1")
    entry = other[0].__class__(**{**vars(other[0]), "source": "greet", "version": "0.1-1"})
    world.publish((entry, other[1]))
    refused(world, "belongs to packaging/wordcount", Status.FAILED)


REFUSALS = {
    "a change that nobody merged": ({}, "is not merged, as far as the review told Zuul"),
    "a merge of another project's change": ({"project": "packaging/wordcount"}, "is not merged"),
}


def test_what_a_gearman_client_says_of_the_gate_and_of_a_merge_publishes_nothing(world: World) -> None:
    """Who submits jobs can say PIPELINE=gate, and then promote: of the one Zuul knows nothing, nor of the other."""
    claimed = world.inputs(pipeline="gate", ref="refs/zuul/main/Zforged")
    world.build(claimed, "1.0-1")
    with pytest.raises(Ended, match="Zuul runs no build set Zforged in gate"):
        world.publish_only(claimed)
    assert not gated(world, "Zforged").exists
    gate(world, "1.0-1", "trixie")
    for note, words in REFUSALS.values():
        if note:
            world.merge(merged(world, **note))
        with pytest.raises(Ended, match=words) as ended:
            world.promote_only(merged(world))
        assert ended.value.status is Status.FAILED
    assert not world.released.exists


@pytest.mark.parametrize(
    ("claim", "word"),
    [
        ({"pipeline": "republish"}, "and not of what this job says"),
        ({"change": "7"}, "and not of what this job says"),
        ({"patchset": "3"}, "and not of what this job says"),
        ({"project": "packaging/wordcount"}, "and not of what this job says"),
        ({"commit": "e" * 40}, "and not of what this job says"),
        ({"tree": OTHER_TREE}, "and not of what this job says"),
    ],
)
def test_a_run_of_the_gate_takes_nothing_but_what_zuul_began_it_for(
    world: World, claim: dict[str, str], word: str
) -> None:
    world.begin(world.inputs(pipeline="gate"))
    inputs = world.inputs(**{"pipeline": "gate", **claim})
    world.build(inputs, "1.0-1")
    with pytest.raises(Ended, match=word):
        world.publish_only(inputs)
    assert not (world.publisher.public / "gate").exists()


def test_a_run_of_the_gate_that_has_ended_takes_nothing_more(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    again = world.inputs(pipeline="gate")
    world.build(again, "1.0-1", text="other")
    with pytest.raises(Ended, match="Z5 has ended"):
        world.publish_only(again)


@pytest.mark.parametrize("step", ["build", "publish", "install", "repotest", "systest"])
def test_a_merge_past_a_failed_test_publishes_nothing_and_says_why(world: World, step: str) -> None:
    gate(world, "1.0-1", *TARGETS)
    world.end(world.inputs(pipeline="gate"), **{step: "FAILURE"})
    reason = refused(world, "What has not passed is not published, merged or not", Status.FAILED, *TARGETS)
    assert f"packaging-greet-{step}-trixie: FAILURE" in reason
    assert "--pipeline republish" in reason


def test_a_merge_past_a_gate_that_never_ended_publishes_nothing(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    world.begin(world.inputs(pipeline="gate"))
    refused(world, "its jobs have not ended", Status.FAILED)


def test_a_test_that_did_not_run_at_all_publishes_nothing(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    jobs = world.notes["tested/Z5.json"]["jobs"]
    del jobs["packaging-greet-systest-trixie"]
    refused(world, "packaging-greet-systest-trixie: not run", Status.FAILED)


def test_a_test_that_the_sites_own_layout_lets_not_vote_only_has_to_end(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    job = world.notes["tested/Z5.json"]["jobs"]["packaging-greet-systest-trixie"]
    job |= {"result": "", "voting": False}
    refused(world, "packaging-greet-systest-trixie: no result", Status.FAILED)
    job["result"] = "FAILURE"
    assert world.promote(merged(world)).startswith("published greet 1.0-1")


def test_of_two_runs_of_the_gate_the_one_that_passed_is_published(world: World) -> None:
    gate(world, "1.0-1", "trixie", text="passed", ref="refs/zuul/main/Z8")
    gate(world, "1.0-1", "trixie", text="failed", ref="refs/zuul/main/Z9")
    world.end(world.inputs(pipeline="gate", ref="refs/zuul/main/Z9"), install="FAILURE")
    world.promote(merged(world))
    package = next((world.released.folder / "current/deb/pool").rglob("*.deb"))
    assert '"passed"' in package.read_text()


def test_a_republished_change_that_did_not_pass_publishes_nothing(world: World) -> None:
    gate(world, "1.0-1", "trixie", pipeline="republish")
    world.end(world.inputs(pipeline="republish"), systest="FAILURE")
    refused(world, "the republish did not pass", Status.FAILED)


def test_a_record_that_another_account_has_forged_leads_nowhere(world: World) -> None:
    """Who looks into packages keeps the records: what they say becomes a path only where it is a mere name."""
    gate(world, "1.0-1", "trixie")
    path = gated(world).folder / "builds/Z5/trixie.json"
    good = path.read_text()
    for wrong in (
        good.replace('"name": "greet_1.0-1_all.deb"', '"name": "../../../../evil.deb"'),
        good.replace('"source": "greet"', '"source": "../../../evil"'),
        good.replace('"version": "1.0-1"', '"version": "1.0/../../evil"'),
        good.replace('"target": "trixie"', '"target": "../evil"'),
        good.replace('"kind": "deb"', '"kind": "rpm"'),
        good.replace('"architecture": "all"', '"architecture": "all, evil"'),
        "[" * 100_000,
        "{}",
    ):
        path.write_text(wrong)
        refused(world, "is gone", Status.INFRASTRUCTURE)
    path.unlink()
    path.symlink_to("/etc/passwd")
    refused(world, "is gone", Status.INFRASTRUCTURE)
    assert not list(world.folder.rglob("evil*"))


def test_what_is_behind_a_link_is_not_published(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    tested = _tested_file(world)
    content = tested.read_bytes()
    (world.folder / "elsewhere").mkdir()
    (world.folder / "elsewhere" / tested.name).write_bytes(content)
    tested.unlink()
    tested.symlink_to(world.folder / "elsewhere" / tested.name)
    refused(world, "not what was tested", Status.INFRASTRUCTURE)
    folder = tested.parent
    shutil.rmtree(folder)
    folder.symlink_to(world.folder / "elsewhere")
    refused(world, "not what was tested", Status.INFRASTRUCTURE)


def test_a_file_that_changes_once_it_was_compared_is_not_published(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate(world, "1.0-1", "trixie")
    compared = beneath.checksum

    def compare_and_change(top: Path, path: str, size: int) -> str:
        found = compared(top, path, size)
        (top / path).write_text("evil")
        return found

    monkeypatch.setattr(beneath, "checksum", compare_and_change)
    refused(world, "is not what was tested any more", Status.INFRASTRUCTURE)


def test_what_is_released_shares_no_file_with_the_account_that_looks(world: World) -> None:
    gate(world, "1.0-1", *TARGETS)
    world.promote(merged(world), *TARGETS)
    for entry in world.released.manifest().entries:
        for file in entry.files:
            assert (world.released.folder / "shared" / entry.folder / file.name).stat().st_nlink == 1

"""What a job says of the gate and of a merge, and what Zuul says: promote believes the latter."""

from __future__ import annotations

import pytest
from pkgci_steps.status import Ended, Status

from .conftest import World
from .promoting import OTHER_TREE, TARGETS, gate, gated, gates_file, merged, refused

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


def test_where_zuul_could_tell_and_note_no_tree_the_package_is_not_to_blame(world: World) -> None:
    """As where Zuul's disk is full: the change's author can do nothing about it."""
    inputs = world.inputs(pipeline="gate", tree="")
    world.build(inputs, "1.0-1")
    with pytest.raises(Ended, match="has noted nothing of Z5: its log, in /var/log/zuul") as ended:
        world.publish_only(inputs)
    assert ended.value.status is Status.INFRASTRUCTURE


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
    passed, failed = (gates_file(world, run).read_bytes() for run in ("Z8", "Z9"))
    world.promote(merged(world))
    package = next((world.released.folder / "current/deb/pool").rglob("*.deb"))
    assert package.read_bytes() == passed != failed


def test_a_republished_change_that_did_not_pass_publishes_nothing(world: World) -> None:
    gate(world, "1.0-1", "trixie", pipeline="republish")
    world.end(world.inputs(pipeline="republish"), systest="FAILURE")
    refused(world, "the republish did not pass", Status.FAILED)

"""How a change gets into its branch: every submit type, with and without a branch that has moved."""

from __future__ import annotations

import pytest

from pkgci.lab.stand_ins.review.model import Change, RefusedError, Status
from pkgci.lab.stand_ins.review.policy import SubmitType
from tests.unit.lab.review.conftest import Bench

MAKES_A_COMMIT_ALWAYS = (SubmitType.REBASE_ALWAYS, SubmitType.CHERRY_PICK)


def approved(bench: Bench, name: str, on: str | None = None) -> Change:
    change = bench.change(name, on=on)
    bench.approve(change)
    return change


def moved(bench: Bench, kind: SubmitType) -> Change:
    """An approved change beside which another one was merged."""
    bench.review.policies.set("submit-type", "MERGE_IF_NECESSARY", None)
    other, change = approved(bench, "other"), approved(bench, "one")
    bench.submit(other)
    bench.review.policies.set("submit-type", kind, None)
    return change


def merged_event(bench: Bench) -> dict[str, object]:
    event = bench.events[-1]
    assert event["type"] == "change-merged"
    return event


@pytest.mark.parametrize("kind", SubmitType)
def test_on_the_branchs_tip(bench: Bench, kind: SubmitType) -> None:
    bench.review.policies.set("submit-type", kind, None)
    change = approved(bench, "one")
    told = len(bench.events)
    done = bench.submit(change)
    event = merged_event(bench)
    again = 2 if kind in MAKES_A_COMMIT_ALWAYS else 1
    assert done.current.number == event["patchSet"]["number"] == again  # type: ignore[index]
    assert event["newRev"] == bench.head == done.merged_as
    assert (bench.head == done.current.revision) == (kind is not SubmitType.MERGE_ALWAYS)
    # No patchset-created for the patch set that the submit makes.
    assert len(bench.events) == told + 1


@pytest.mark.parametrize(
    "kind",
    [SubmitType.MERGE_IF_NECESSARY, SubmitType.MERGE_ALWAYS, *MAKES_A_COMMIT_ALWAYS, SubmitType.REBASE_IF_NECESSARY],
)
def test_on_a_branch_that_moved(bench: Bench, kind: SubmitType) -> None:
    change = moved(bench, kind)
    before = bench.head
    done = bench.submit(change)
    merges = kind in (SubmitType.MERGE_IF_NECESSARY, SubmitType.MERGE_ALWAYS)
    assert bench.git("ls-tree", "--name-only", "main").split() == ["README.md", "ci", "one", "other"]
    assert done.current.number == (1 if merges else 2)
    parents = bench.git("log", "-1", "--format=%P", "main").split()
    assert parents == ([before, change.current.revision] if merges else [before])
    subject = bench.git("log", "-1", "--format=%s", "main")
    assert subject == ('Merge "Change one" into main' if merges else "Change one")
    assert merged_event(bench)["newRev"] == bench.head


def test_fast_forward_only_takes_no_change_that_is_not_on_the_tip(bench: Bench) -> None:
    change = moved(bench, SubmitType.FAST_FORWARD_ONLY)
    with pytest.raises(RefusedError, match="Project policy requires all submissions to be a fast-forward"):
        bench.submit(change)
    assert bench.review.changes[change.number].open


@pytest.mark.parametrize("kind", [*MAKES_A_COMMIT_ALWAYS, SubmitType.REBASE_IF_NECESSARY])
def test_the_new_patch_set_says_who_reviewed_and_tested_unless_it_is_only_moved(bench: Bench, kind: SubmitType) -> None:
    change = moved(bench, kind)
    done = bench.submit(change)
    footers = done.current.message.splitlines()[3:]
    if kind is SubmitType.REBASE_IF_NECESSARY:
        assert footers == []
        assert done.current.kind == "TRIVIAL_REBASE"
    else:
        assert footers[0] == "Reviewed-on: https://review.test/c/packaging/hello/+/2"
        assert set(footers[1:]) == {
            "Reviewed-by: bob <bob@test>",
            "Workflow: bob <bob@test>",
            "Tested-by: zuul <zuul@test>",
        }
        assert done.current.kind == "TRIVIAL_REBASE_WITH_MESSAGE_UPDATE"
    assert bench.git("log", "-1", "--format=%an %cn", "main") == "alice@test zuul"
    word = "cherry-picked" if kind is SubmitType.CHERRY_PICK else "rebased and submitted"
    assert done.messages[-1].text == f"Change has been successfully {word} as {bench.head}"


@pytest.mark.parametrize("kind", [*MAKES_A_COMMIT_ALWAYS, SubmitType.REBASE_IF_NECESSARY])
def test_the_new_patch_set_has_a_ref_and_its_votes(bench: Bench, kind: SubmitType) -> None:
    done = bench.submit(moved(bench, kind))
    assert bench.git("rev-parse", "refs/changes/02/2/2") == bench.head
    for item in done.patch_sets:
        votes = {approval.label: approval.value for approval in item.approvals}
        assert votes == {"Code-Review": 2, "Workflow": 1, "Verified": 2, "SUBM": 1}
    moved_refs = [e["refUpdate"]["refName"] for e in bench.everything[-4:] if e["type"] == "ref-updated"]
    assert moved_refs == ["refs/changes/02/2/2", "refs/heads/main", "refs/changes/02/2/meta"]


def test_a_stack_goes_in_rebased_one_on_the_other(bench: Bench) -> None:
    one = moved(bench, SubmitType.REBASE_IF_NECESSARY)
    two = approved(bench, "two", on=one.current.revision)
    bench.submit(two)
    one, two = bench.review.change(one.number), bench.review.change(two.number)
    assert (one.status, two.status) == (Status.MERGED, Status.MERGED)
    assert two.current.parents == (one.current.revision,)
    assert bench.head == two.current.revision


@pytest.mark.parametrize("kind", [*MAKES_A_COMMIT_ALWAYS, SubmitType.REBASE_IF_NECESSARY])
def test_a_change_goes_in_after_the_one_below_went_in_as_another_commit(bench: Bench, kind: SubmitType) -> None:
    one = moved(bench, kind)
    two = approved(bench, "two", on=one.current.revision)
    one = bench.submit(one)
    two = bench.submit(two)
    assert two.current.parents == (one.current.revision,)
    assert bench.git("ls-tree", "--name-only", "main").split() == ["README.md", "ci", "one", "other", "two"]


def test_a_cherry_pick_leaves_what_is_below_where_it_is(bench: Bench) -> None:
    bench.review.policies.set("submit-type", "CHERRY_PICK", None)
    one = bench.change("one")
    bench.submit(approved(bench, "two", on=one.current.revision))
    assert bench.review.changes[1].open
    assert bench.git("ls-tree", "--name-only", "main").split() == ["README.md", "ci", "two"]


@pytest.mark.parametrize("kind", [SubmitType.REBASE_ALWAYS, SubmitType.CHERRY_PICK])
def test_a_conflict_leaves_the_change_open(bench: Bench, kind: SubmitType) -> None:
    one, two = bench.change("one", "left\n"), bench.change("one", "right\n")
    bench.approve(one)
    bench.approve(two)
    bench.review.policies.set("submit-type", kind, None)
    bench.submit(one)
    before = bench.head
    with pytest.raises(RefusedError, match="Change could not be merged due to a"):
        bench.submit(two)
    assert (bench.head, bench.review.changes[2].open) == (before, True)


def test_a_veto_stays_on_a_new_patch_set_and_other_votes_only_where_nothing_changed(bench: Bench) -> None:
    change = bench.change()
    bench.vote(change, "bob", Code_Review=2)
    bench.vote(change, "carol", Code_Review=-2)
    again = bench.again(change)
    assert [(vote.by.username, vote.value) for vote in again.current.approvals] == [("carol", -2)]
    assert "Copied Votes:\n* Code-Review-2" in again.messages[-1].text
    assert "Outdated Votes:\n* Code-Review+2" in again.messages[-1].text

"""Votes, submits and what is said about them."""

from dataclasses import replace
from pathlib import Path

import pytest

from pkgci.lab.stand_ins.review.labels import labels_with, permitted_votes
from pkgci.lab.stand_ins.review.model import RefusedError, Status
from pkgci.lab.stand_ins.review.records import submit_record
from pkgci.lab.stand_ins.review.review import Review
from tests.unit.lab.review.conftest import PROJECT, SETTINGS, Bench


def test_a_vote_is_told_with_its_old_value(bench: Bench) -> None:
    change = bench.change()
    bench.vote(change, "bob", Code_Review=1)
    bench.vote(change, "bob", Code_Review=-1, Workflow=1)
    event = bench.events[-1]
    assert (event["type"], event["author"]["username"]) == ("comment-added", "bob")
    told = {item["type"]: (item["value"], item.get("oldValue")) for item in event["approvals"]}
    assert told == {"Verified": ("0", None), "Code-Review": ("-1", "1"), "Workflow": ("1", "0")}
    assert event["comment"] == "Patch Set 1: Code-Review-1 Workflow+1"


def test_a_message_alone_is_told_too(bench: Bench) -> None:
    change = bench.change()
    bench.review.vote("bob", change, change.current, {}, "recheck")
    assert bench.events[-1]["comment"] == "Patch Set 1:\n\nrecheck"
    assert bench.review.changes[1].messages[-1].text == "Patch Set 1:\n\nrecheck"


def test_a_vote_of_zero_takes_an_earlier_one_back(bench: Bench) -> None:
    change = bench.change()
    bench.vote(change, "bob", Code_Review=2)
    bench.vote(change, "bob", Code_Review=0)
    assert bench.review.changes[1].current.approvals == ()
    assert bench.events[-1]["comment"] == "Patch Set 1: -Code-Review"
    assert bench.events[-1]["approvals"][1] == {
        "type": "Code-Review",
        "description": "Code-Review",
        "value": "0",
        "oldValue": "2",
    }


@pytest.mark.parametrize(("by_ci", "label", "value"), [(False, "Verified", 1), (True, "Code-Review", 2)])
def test_votes_that_are_not_somebodys_to_give_are_refused(by_ci: bool, label: str, value: int) -> None:
    with pytest.raises(RefusedError, match=f'Applying label "{label}": {value} is restricted'):
        permitted_votes({label: value}, labels_with(2), by_ci)


def test_votes_out_of_range_or_on_no_label_are_dropped_unless_the_labels_are_strict() -> None:
    for votes in ({"Code-Review": 3}, {"Workflow": -2}, {"Nonsense": 1}):
        assert permitted_votes(votes, labels_with(2), by_ci=False) == {}
        with pytest.raises(RefusedError, match="is not a"):
            permitted_votes(votes, labels_with(2), by_ci=False, strict=True)


def test_the_first_vote_of_zero_and_the_same_vote_again_are_no_votes(bench: Bench) -> None:
    change = bench.change()
    bench.review.vote("zuul", change, change.current, {"Verified": 0}, "Starting check jobs.")
    assert bench.events[-1]["comment"] == "Patch Set 1:\n\nStarting check jobs."
    bench.vote(change, "bob", Code_Review=1)
    count = len(bench.everything)
    bench.vote(change, "bob", Code_Review=1)
    assert len(bench.everything) == count


def test_a_change_is_submitted_only_with_every_requirement_met(bench: Bench) -> None:
    change = bench.change()
    with pytest.raises(RefusedError, match="Change 1 is not ready: submit requirement 'Verified' is unsatisfied"):
        bench.submit(change)
    bench.vote(change, "zuul", Verified=2)
    bench.vote(change, "bob", Code_Review=2)
    bench.vote(change, "carol", Code_Review=-2)
    with pytest.raises(RefusedError, match="submit requirement 'Code-Review' is unsatisfied"):
        bench.submit(change)
    labels = labels_with(2)
    assert submit_record(bench.review.changes[1], labels)["status"] == "NOT_READY"
    bench.vote(change, "carol", Code_Review=0)
    assert submit_record(bench.review.changes[1], labels)["status"] == "OK"
    assert bench.submit(change).status is Status.MERGED
    assert bench.head == change.current.revision
    assert submit_record(bench.review.changes[1], labels)["status"] == "OK"
    kinds = [event["type"] for event in bench.everything[-3:]]
    assert kinds == ["ref-updated", "ref-updated", "change-merged"]
    assert bench.everything[-3]["refUpdate"]["newRev"] == bench.head


def test_what_is_merged_or_abandoned_keeps_its_votes(bench: Bench) -> None:
    merged = bench.merged()
    with pytest.raises(RefusedError, match="Cannot reduce vote on labels for closed change: Verified"):
        bench.vote(merged, "zuul", Verified=1)
    bench.vote(merged, "carol", Code_Review=1)
    assert bench.events[-1]["comment"] == "Patch Set 1: Code-Review+1"


def test_a_change_beside_another_is_merged_with_it(bench: Bench) -> None:
    one, two = bench.change("one"), bench.change("two")
    for change in (one, two):
        bench.approve(change)
        bench.submit(change)
    assert bench.git("log", "-1", "--format=%s", "main") == 'Merge "Change two" into main'
    assert bench.git("ls-tree", "--name-only", "main").split() == ["README.md", "ci", "one", "two"]


def test_a_conflict_is_an_error_that_leaves_the_change_open(bench: Bench) -> None:
    one, two = bench.change("one", "left\n"), bench.change("one", "right\n")
    for change in (one, two):
        bench.approve(change)
    bench.submit(one)
    before = bench.head
    with pytest.raises(RefusedError, match=r"Change 2: Change could not be merged due to a path conflict\."):
        bench.submit(two)
    assert bench.review.changes[2].open
    assert bench.head == before


def test_a_change_is_submitted_with_what_it_depends_on_or_not_at_all(bench: Bench) -> None:
    one = bench.change("one")
    two = bench.change("two", on=one.current.revision)
    bench.approve(two)
    with pytest.raises(RefusedError, match="Change 2 must be submitted with change 1 but 1 is not ready"):
        bench.submit(two)
    bench.approve(one)
    bench.submit(two)
    assert [change.status for change in bench.review.changes.values()] == [Status.MERGED, Status.MERGED]
    assert [event["change"]["number"] for event in bench.events if event["type"] == "change-merged"] == [1, 2]


def test_a_change_on_an_old_patch_set_is_not_submitted(bench: Bench) -> None:
    one = bench.change("one")
    two = bench.change("two", on=one.current.revision)
    bench.approve(two)
    bench.again(one)
    with pytest.raises(RefusedError, match=r"is outdated patch set 1 of change 1\. The latest patch set is 2\."):
        bench.submit(two)


def test_a_change_merges_after_what_it_depends_on(bench: Bench) -> None:
    one = bench.change("one")
    two = bench.change("two", on=one.current.revision)
    for change in (one, two):
        bench.approve(change)
        bench.submit(change)
    assert bench.head == two.current.revision


def test_only_the_current_patch_set_is_submitted(bench: Bench) -> None:
    change = bench.change()
    bench.approve(change)
    bench.push(bench.commit("one", "new\n", footer=f"Change-Id: {change.id}"))
    with pytest.raises(RefusedError, match="is not current revision"):
        bench.review.submit("zuul", bench.review.changes[1], change.current)


def test_abandoned_changes_take_no_votes_until_they_are_restored(bench: Bench) -> None:
    change = bench.change()
    bench.review.abandon("alice", change, "not now")
    assert (bench.events[-1]["type"], bench.events[-1]["abandoner"]["username"]) == ("change-abandoned", "alice")
    with pytest.raises(RefusedError, match="change is closed"):
        bench.vote(change, "bob", Code_Review=2)
    with pytest.raises(RefusedError, match="abandoned"):
        bench.review.abandon("alice", change, "")
    bench.review.restore("alice", change, "")
    assert bench.events[-1]["type"] == "change-restored"
    bench.vote(change, "bob", Code_Review=2)


def test_a_new_topic_is_told_and_the_same_again_is_not(bench: Bench) -> None:
    change = bench.change()
    bench.review.set_topic("alice", change, "spring")
    assert (bench.events[-1]["type"], bench.events[-1]["change"]["topic"]) == ("topic-changed", "spring")
    count = len(bench.events)
    bench.review.set_topic("alice", change, "spring")
    assert len(bench.events) == count


def test_a_review_that_starts_again_knows_everything(bench: Bench, tmp_path: Path) -> None:
    bench.change("one")
    two = bench.change("two")
    bench.approve(two)
    bench.submit(two)
    again = Review(tmp_path, SETTINGS)
    again.make_projects()
    assert again.changes == bench.review.changes
    assert list(again.changes) == [1, 2]


def test_a_project_begins_with_its_tree(tmp_path: Path) -> None:
    tree = tmp_path / "trees" / PROJECT
    (tree / "debian").mkdir(parents=True)
    (tree / "README.md").write_text("A package.\n")
    (tree / "debian/rules").write_text("#!/usr/bin/make -f\n")
    (tree / "debian/rules").chmod(0o755)
    (tree / "empty").touch()
    review = Review(tmp_path / "state", replace(SETTINGS, trees=str(tmp_path / "trees")))
    review.make_projects()
    bench = Bench(tmp_path, review)
    assert bench.git("show", "main:README.md") == "A package."
    modes = [line.split()[0] for line in bench.git("ls-tree", "-r", "main").splitlines()]
    assert modes == ["100644", "100755", "100644"]

"""Votes, submits and what is said about them."""

from dataclasses import replace
from pathlib import Path

import pytest

from pkgci.lab.stand_ins.review.labels import check_votes
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
    assert told == {"Code-Review": ("-1", "1"), "Workflow": ("1", "0")}
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
    assert bench.events[-1]["approvals"] == [
        {"type": "Code-Review", "description": "Code-Review", "value": "0", "oldValue": "2"}
    ]


@pytest.mark.parametrize(
    ("voter", "label", "value", "why"),
    [
        ("bob", "Verified", 1, "only zuul"),
        ("zuul", "Code-Review", 2, "zuul votes on what it has tested"),
        ("bob", "Code-Review", 3, "3 is not a valid value"),
        ("bob", "Workflow", -2, "-2 is not a valid value"),
        ("bob", "Nonsense", 1, "not a configured label"),
    ],
)
def test_votes_that_are_not_somebodys_to_give_are_refused(voter: str, label: str, value: int, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        check_votes({label: value}, voter, "zuul")


def test_a_change_is_submitted_only_with_every_label_at_its_highest(bench: Bench) -> None:
    change = bench.change()
    with pytest.raises(RefusedError, match=r"needs Verified \+2; it needs Code-Review \+2; it needs Workflow \+1"):
        bench.submit(change)
    bench.approve(change)
    bench.vote(change, "carol", Code_Review=-2)
    with pytest.raises(RefusedError, match="it is vetoed by Code-Review -2"):
        bench.submit(change)
    assert submit_record(bench.review.changes[1])["status"] == "NOT_READY"
    bench.vote(change, "carol", Code_Review=0)
    assert submit_record(bench.review.changes[1])["status"] == "OK"
    assert bench.submit(change).status is Status.MERGED
    assert bench.head == change.current.revision
    assert submit_record(bench.review.changes[1]) == {"status": "CLOSED"}
    assert [event["type"] for event in bench.events[-2:]] == ["ref-updated", "change-merged"]
    assert bench.events[-2]["refUpdate"]["newRev"] == bench.head


def test_a_change_beside_another_is_merged_with_it(bench: Bench) -> None:
    one, two = bench.change("one"), bench.change("two")
    for change in (one, two):
        bench.approve(change)
        bench.submit(change)
    assert bench.git("log", "-1", "--format=%s", "main") == 'Merge "Change two"'
    assert bench.git("ls-tree", "--name-only", "main").split() == ["README.md", "ci", "one", "two"]


def test_a_conflict_is_an_error_that_names_the_file_and_leaves_the_change_open(bench: Bench) -> None:
    one, two = bench.change("one", "left\n"), bench.change("one", "right\n")
    for change in (one, two):
        bench.approve(change)
    bench.submit(one)
    before = bench.head
    with pytest.raises(RefusedError, match="change 2 cannot be merged: merge conflict in one"):
        bench.submit(two)
    assert bench.review.changes[2].open
    assert bench.head == before


def test_a_change_waits_for_what_it_depends_on(bench: Bench) -> None:
    one = bench.change("one")
    two = bench.change("two", on=one.current.revision)
    bench.approve(one)
    bench.approve(two)
    with pytest.raises(RefusedError, match="it depends on change 1, which is not merged"):
        bench.submit(two)
    bench.push(bench.commit("one", "new\n", footer=f"Change-Id: {one.id}"))
    with pytest.raises(RefusedError, match="it depends on change 1 in its old patch set 1"):
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
    with pytest.raises(RefusedError, match="patch set 1 is not the current one"):
        bench.review.submit("zuul", bench.review.changes[1], change.current)


def test_abandoned_changes_take_no_votes_until_they_are_restored(bench: Bench) -> None:
    change = bench.change()
    bench.review.abandon("alice", change, "not now")
    assert (bench.events[-1]["type"], bench.events[-1]["abandoner"]["username"]) == ("change-abandoned", "alice")
    with pytest.raises(RefusedError, match="takes no more votes"):
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

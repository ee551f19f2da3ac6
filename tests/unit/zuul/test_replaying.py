"""Events that were missed: what is replayed from a change, and what is not."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import replaying
from zuul_py3.asking import FaultError, RefusedError, UnreachableError
from zuul_py3.receiving import keys_of
from zuul_py3.replaying import Heartbeat, missed_events, replay


def vote(label: str, value: int, granted: int, user: str = "alice") -> dict[str, Any]:
    return {"type": label, "value": str(value), "grantedOn": granted, "by": {"username": user}}


def change(
    created: int, *votes: dict[str, Any], comments: tuple[dict[str, Any], ...] = (), **more: Any
) -> dict[str, Any]:
    patch_set = {"number": "1", "createdOn": created, "uploader": {"username": "alice"}, "approvals": list(votes)}
    base = {"project": "p", "branch": "main", "id": "I1", "number": "7", "status": "NEW", "comments": list(comments)}
    return {**base, "currentPatchSet": patch_set, **more}


class Gerrit:
    """A connection whose Gerrit knows some open changes, after ``troubles``."""

    user = "zuul"
    log = logging.getLogger("test")
    sched = SimpleNamespace(layout=SimpleNamespace(projects={"p": None}))

    def __init__(self, *changes: dict[str, Any], troubles: tuple[Exception, ...] = ()) -> None:
        self._changes = changes
        self._troubles = list(troubles)
        self.commands: list[str] = []

    def _ssh(self, command: str) -> tuple[str, str]:
        self.commands.append(command)
        if self._troubles:
            raise self._troubles.pop(0)
        start = int(command.rsplit(" ", 1)[1])
        shown = self._changes[start : start + replaying.PAGE] if "status:open" in command else ()
        return "\n".join([*map(json.dumps, shown), '{"type":"stats"}']), ""


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "LOOK_AGAIN", 0)


def kinds(found: dict[str, Any]) -> list[str]:
    return [event["type"] for _, event in missed_events(found, 100, "zuul")]


def test_a_patch_set_that_came_meanwhile_is_replayed_with_its_uploader() -> None:
    [(when, event)] = missed_events(change(120), 100, "zuul")
    assert (when, event["type"], event["uploader"]) == (120, "patchset-created", {"username": "alice"})
    assert event["change"]["number"] == "7" and event["patchSet"]["number"] == "1"


def test_numbers_of_a_newer_gerrit_are_replayed_as_the_text_that_zuul_compares() -> None:
    found = change(120, number=7)
    found["currentPatchSet"]["number"] = 1
    [(_, event)] = replay(Gerrit(found), 100)
    assert (event["change"]["number"], event["patchSet"]["number"]) == ("7", "1")


def test_a_gerrit_that_does_not_answer_is_asked_for_what_was_missed_until_it_does() -> None:
    away = (UnreachableError("away"),) * 20
    [(_, event)] = replay(Gerrit(change(120), troubles=away), 100)
    assert event["type"] == "patchset-created"


def test_a_project_that_gerrit_refuses_to_show_is_left_out_of_the_replay_in_the_end() -> None:
    refusals = (RefusedError("no"),) * replaying.REFUSALS
    assert replay(Gerrit(change(120), troubles=refusals), 100) == []


def test_a_fault_of_gerrits_own_leaves_no_project_out_of_the_replay() -> None:
    faults = (FaultError("lock failure"),) * (replaying.REFUSALS + 1)
    [(_, event)] = replay(Gerrit(change(120), troubles=faults), 100)
    assert event["type"] == "patchset-created"


def test_more_changes_than_gerrit_shows_at_once_are_all_replayed() -> None:
    changes = [change(120, number=number, lastUpdated=500 - number) for number in range(replaying.PAGE + 5)]
    found = replay(Gerrit(*changes), 100)
    assert len({event["change"]["number"] for _, event in found}) == replaying.PAGE + 5


def test_changes_that_are_older_than_what_was_missed_are_not_asked_for() -> None:
    changes = [change(20, number=number, lastUpdated=50) for number in range(replaying.PAGE + 5)]
    gerrit = Gerrit(*changes)
    assert replay(gerrit, 100) == []
    assert [command for command in gerrit.commands if "--start 200" in command] == []


def test_a_change_that_somebody_restored_meanwhile_is_replayed_as_restored() -> None:
    said = {"timestamp": 120, "reviewer": {"username": "alice"}, "message": "Restored\n\nit is needed"}
    [(_, event)] = missed_events(change(90, comments=(said,)), 100, "zuul")
    assert (event["type"], event["restorer"]) == ("change-restored", {"username": "alice"})


def test_what_came_before_is_not_replayed() -> None:
    assert kinds(change(90, vote("Workflow", 1, 95))) == []


def test_a_patch_set_that_zuul_has_voted_on_is_not_replayed_but_the_vote_is() -> None:
    [(when, event)] = missed_events(change(120, vote("Verified", -1, 130, "zuul")), 100, "zuul")
    assert (when, event["type"], event["author"]["username"]) == (130, "comment-added", "zuul")
    assert [(one["type"], one["value"]) for one in event["approvals"]] == [("Verified", "-1")]


def test_an_approval_before_zuuls_verdict_is_found_by_way_of_the_verdict() -> None:
    # Zuul went away, or died, between its vote and the handling of that vote's event.
    votes = (vote("Workflow", 1, 110), vote("Verified", 1, 120, "zuul"))
    [(_, event)] = missed_events(change(90, *votes), 100, "zuul")
    assert event["author"] == {"username": "zuul"} and event["approvals"] == [votes[1]]


def test_a_vote_of_zuuls_that_was_received_is_not_replayed_again() -> None:
    [(_, event)] = missed_events(change(90, vote("Verified", 1, 120, "zuul")), 100, "zuul")
    streamed = {**event, "approvals": [{"type": "Verified", "value": "1", "oldValue": "0"}], "comment": "Patch Set 1:"}
    assert set(keys_of(event)) < set(keys_of(streamed))


def test_an_old_vote_of_zuuls_or_one_that_only_submits_is_not_replayed() -> None:
    assert kinds(change(50, vote("Verified", 1, 90, "zuul"))) == []
    assert kinds(change(50, vote("SUBM", 1, 120, "zuul"))) == []


def test_a_vote_that_only_says_that_jobs_began_is_no_verdict() -> None:
    assert kinds(change(120, vote("Verified", 0, 125, "zuul"))) == ["patchset-created"]


def test_an_approval_that_came_meanwhile_is_replayed() -> None:
    [(_, event)] = missed_events(change(90, vote("Workflow", 1, 120)), 100, "zuul")
    assert event["type"] == "comment-added" and event["approvals"][0]["type"] == "Workflow"
    assert event["author"] == {"username": "alice"}


def test_an_approval_after_zuuls_verdict_is_replayed_and_one_before_is_not() -> None:
    verdict = vote("Verified", 1, 120, "zuul")
    for granted, authors in ((130, ["zuul", "alice"]), (110, ["zuul"])):
        found = missed_events(change(90, verdict, vote("Workflow", 1, granted)), 100, "zuul")
        assert [event["author"]["username"] for _, event in found] == authors


def test_a_comment_that_came_meanwhile_is_replayed_but_for_zuuls_own() -> None:
    said = {"timestamp": 120, "reviewer": {"username": "bob"}, "message": "Patch Set 1:\n\nrecheck"}
    own = {"timestamp": 121, "reviewer": {"username": "zuul"}, "message": "Starting check jobs."}
    [(_, event)] = missed_events(change(90, comments=(said, own)), 100, "zuul")
    assert event["comment"] == "Patch Set 1:\n\nrecheck"


def test_what_gerrit_itself_notes_is_no_comment() -> None:
    noted = {"timestamp": 120, "reviewer": {"username": "alice"}, "message": "Uploaded patch set 1."}
    assert kinds(change(90, comments=(noted,))) == []


def test_a_merge_that_happened_meanwhile_is_replayed() -> None:
    assert kinds(change(90, status="MERGED", lastUpdated=120)) == ["change-merged"]
    assert kinds(change(90, status="MERGED", lastUpdated=90)) == []


def test_a_merge_that_zuul_has_taken_in_is_not_replayed_whatever_was_said_since() -> None:
    votes = (vote("Verified", 2, 120, "zuul"), vote("SUBM", 1, 121, "zuul"))
    said = {"timestamp": 121, "reviewer": {"username": "zuul"}, "message": "Build succeeded (gate)."}
    promoted = {"timestamp": 150, "reviewer": {"username": "zuul"}, "message": "Build succeeded (promote)."}
    assert kinds(change(90, *votes, comments=(said,), status="MERGED", lastUpdated=160)) == ["change-merged"]
    assert kinds(change(90, *votes, comments=(said, promoted), status="MERGED", lastUpdated=160)) == []


def test_the_last_that_zuul_said_of_a_merged_change_is_replayed() -> None:
    votes = (vote("Verified", 2, 60, "zuul"), vote("SUBM", 1, 61, "zuul"))
    built = {"timestamp": 150, "reviewer": {"username": "zuul"}, "message": "Patch Set 1:\n\nTested once more."}
    asked = {"timestamp": 110, "reviewer": {"username": "alice"}, "message": "Patch Set 1:\n\nrepublish"}
    [(when, event)] = missed_events(change(50, *votes, comments=(asked, built), status="MERGED"), 100, "zuul")
    assert (when, event["type"], event["author"]["username"]) == (150, "comment-added", "zuul")
    assert event["comment"] == "Patch Set 1:\n\nTested once more."
    published = {**built, "timestamp": 160, "message": "Patch Set 1:\n\nPublished."}
    [(when, _)] = missed_events(change(50, *votes, comments=(built, published), status="MERGED"), 100, "zuul")
    assert when == 160
    assert kinds(change(50, *votes, comments=({**built, "timestamp": 90},), status="MERGED")) == []


def test_an_old_merge_that_somebody_comments_on_is_not_replayed() -> None:
    assert kinds(change(50, vote("Verified", 2, 60, "zuul"), status="MERGED", lastUpdated=160)) == []


def test_the_first_start_ever_has_missed_nothing(tmp_path: Path) -> None:
    heartbeat = Heartbeat(tmp_path / "listening")
    assert heartbeat.last() is None
    heartbeat.start()
    heartbeat.stop()
    assert heartbeat.last() is not None


def test_what_is_noted_is_up_to_when_everything_was_handled(tmp_path: Path) -> None:
    heartbeat = Heartbeat(tmp_path / "listening", lambda: 4711.0)
    heartbeat.start()
    heartbeat.stop()
    assert heartbeat.last() == 4711.0

"""Events that were missed: what is replayed from a change, and what is not."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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
    """A connection whose Gerrit knows one open change."""

    user = "zuul"
    log = logging.getLogger("test")
    sched = SimpleNamespace(layout=SimpleNamespace(projects={"p": None}))

    def __init__(self, line: str) -> None:
        self._line = line
        self.events: list[dict[str, Any]] = []

    def _ssh(self, command: str) -> tuple[str, str]:
        return (self._line if "status:open" in command else "", "")

    def addEvent(self, event: dict[str, Any]) -> None:  # noqa: N802 - the name is Zuul's
        self.events.append(event)


def kinds(found: dict[str, Any]) -> list[str]:
    return [event["type"] for _, event in missed_events(found, 100, "zuul")]


def test_a_patch_set_that_came_meanwhile_is_replayed_with_its_uploader() -> None:
    [(when, event)] = missed_events(change(120), 100, "zuul")
    assert (when, event["type"], event["uploader"]) == (120, "patchset-created", {"username": "alice"})
    assert event["change"]["number"] == "7" and event["patchSet"]["number"] == "1"


def test_numbers_of_a_newer_gerrit_are_replayed_as_the_text_that_zuul_compares() -> None:
    found = change(120, number=7)
    found["currentPatchSet"]["number"] = 1
    gerrit = Gerrit(json.dumps(found))
    replay(gerrit, 100)
    assert (gerrit.events[0]["change"]["number"], gerrit.events[0]["patchSet"]["number"]) == ("7", "1")


def test_what_came_before_is_not_replayed() -> None:
    assert kinds(change(90, vote("Workflow", 1, 95))) == []


def test_a_patch_set_that_zuul_has_voted_on_is_not_replayed() -> None:
    assert kinds(change(120, vote("Verified", -1, 130, "zuul"))) == []


def test_a_vote_that_only_says_that_jobs_began_is_no_verdict() -> None:
    assert kinds(change(120, vote("Verified", 0, 125, "zuul"))) == ["patchset-created"]


def test_an_approval_that_came_meanwhile_is_replayed() -> None:
    [(_, event)] = missed_events(change(90, vote("Workflow", 1, 120)), 100, "zuul")
    assert event["type"] == "comment-added" and event["approvals"][0]["type"] == "Workflow"
    assert event["author"] == {"username": "alice"}


def test_an_approval_after_zuuls_verdict_is_replayed_and_one_before_is_not() -> None:
    verdict = vote("Verified", 1, 120, "zuul")
    assert kinds(change(90, verdict, vote("Workflow", 1, 130))) == ["comment-added"]
    assert kinds(change(90, verdict, vote("Workflow", 1, 110))) == []


def test_a_comment_that_came_meanwhile_is_replayed_but_for_zuuls_own() -> None:
    said = {"timestamp": 120, "reviewer": {"username": "bob"}, "message": "recheck"}
    own = {"timestamp": 121, "reviewer": {"username": "zuul"}, "message": "Starting check jobs."}
    [(_, event)] = missed_events(change(90, comments=(said, own)), 100, "zuul")
    assert event["comment"] == "recheck"


def test_a_merge_that_happened_meanwhile_is_replayed() -> None:
    assert kinds(change(90, status="MERGED", lastUpdated=120)) == ["change-merged"]
    assert kinds(change(90, status="MERGED", lastUpdated=90)) == []


def test_a_merge_that_zuul_has_taken_in_is_not_replayed_whatever_was_said_since() -> None:
    votes = (vote("Verified", 2, 120, "zuul"), vote("SUBM", 1, 121, "zuul"))
    said = {"timestamp": 121, "reviewer": {"username": "zuul"}, "message": "Build succeeded (gate)."}
    promoted = {"timestamp": 150, "reviewer": {"username": "zuul"}, "message": "Build succeeded (promote)."}
    assert kinds(change(90, *votes, comments=(said,), status="MERGED", lastUpdated=160)) == ["change-merged"]
    assert kinds(change(90, *votes, comments=(said, promoted), status="MERGED", lastUpdated=160)) == []


def test_an_old_merge_that_somebody_comments_on_is_not_replayed() -> None:
    assert kinds(change(50, vote("Verified", 2, 60, "zuul"), status="MERGED", lastUpdated=160)) == []


def test_the_first_start_ever_has_missed_nothing(tmp_path: Path) -> None:
    heartbeat = Heartbeat(tmp_path / "listening")
    assert heartbeat.last() is None
    heartbeat.start()
    heartbeat.stop()
    assert heartbeat.last() is not None

"""What the review tells on its stream, beside what a real Gerrit told: the same was done to both."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from pkgci.lab.stand_ins.review.model import Change
from tests.unit.lab.contract.recordings import VERSIONS, Json, events, shape
from tests.unit.lab.contract.replay import Lab, normalised
from tests.unit.lab.review.serving import make_key, ssh_door

_MESSAGE_HEAD = 6


def sequences() -> list[tuple[str, int]]:
    """Every change that the recorded events tell of: version and number."""
    found = {(version, e["change"]["number"]): None for version in VERSIONS for e in events(version) if "change" in e}
    return list(found)


def recorded_of(version: str, number: int) -> list[Json]:
    """The recorded events of a change, but for the refs that moved, which were recorded of the first one only.

    The newer Gerrit does not count the lines of the commit message: here they are counted.
    """
    found = [event for event in events(version) if event.get("change", {}).get("number") == number]
    for event in found if version == "gerrit-3.15" else []:
        event["patchSet"]["sizeInsertions"] += _MESSAGE_HEAD + event["change"]["commitMessage"].count("\n")
    if found[0]["type"] != "patchset-created":
        # The recording begins when the change was there: its first patch set was like any other's.
        first = {"type": "patchset-created", "uploader": found[0]["patchSet"]["uploader"]}
        change = {**found[0]["change"], "status": "NEW"}
        about = {key: found[0][key] for key in ("patchSet", "project", "refName", "changeKey", "eventCreatedOn")}
        found.insert(0, {**first, **about, "change": change})
    return found


class Follower:
    """Does what the recorded events of one change tell."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._change: Change | None = None

    @property
    def change(self) -> Change:
        assert self._change
        return self._lab.review.change(self._change.number)

    def follow(self, event: Json) -> None:
        if event["type"] == "patchset-created":
            self._change = self._push(event)
            return
        target = f"{self.change.number},{event['patchSet']['number']}"
        match event["type"]:
            case "comment-added":
                self._comment(event)
            case "change-merged":
                self._lab.done(f"review --submit {self.change.number},{self.change.current.number}")
            case "change-abandoned":
                self._lab.done(f"review --abandon {target}", event["abandoner"]["username"])
            case "change-restored":
                self._lab.done(f"review --restore {target}", event["restorer"]["username"])
            case other:
                raise AssertionError(other)

    def _push(self, event: Json) -> Change:
        message, patch_set = event["change"]["commitMessage"], event["patchSet"]
        files = {"a-file": patch_set["sizeInsertions"] - message.count("\n") - _MESSAGE_HEAD}
        commit = self._lab.commit(event["project"], message, files, removed=patch_set["sizeDeletions"])
        return self._lab.push(event["project"], commit)

    def _comment(self, event: Json) -> None:
        author = event["author"]["username"]
        told = {a["type"]: int(a["value"]) for a in event.get("approvals", [])}
        changed = {a["type"]: int(a["value"]) for a in event.get("approvals", []) if "oldValue" in a}
        # Zuul gives a vote with each report, though it be 0 and nothing changes.
        votes = {"Verified": told["Verified"]} if author == "zuul" and told else changed
        self._lab.say(self.change, author, event["comment"], votes)


def about_changes(told: list[Json]) -> list[Json]:
    return [event for event in told if "change" in event]


@pytest.mark.parametrize(("version", "number"), sequences())
def test_a_changes_events_are_the_recorded_ones(tmp_path: Path, version: str, number: int) -> None:
    recorded = recorded_of(version, number)
    lab = Lab(tmp_path, projects=(recorded[0]["project"],))
    if any(event["patchSet"]["kind"] == "NO_CODE_CHANGE" for event in recorded):
        lab.set("submit-type", "CHERRY_PICK", "--project", recorded[0]["project"])
    follower = Follower(lab)
    for event in recorded:
        follower.follow(event)
    assert normalised(about_changes(lab.told)) == normalised(recorded)


def test_refs_that_move_are_told_before_what_moved_them_and_with_full_names(tmp_path: Path) -> None:
    recorded = events()[:4]
    lab = Lab(tmp_path)
    lab.told.clear()
    follower = Follower(lab)
    follower.follow(recorded[2])
    lab.done(f"review --message 'Starting check jobs.' {follower.change.number},1")
    assert normalised(lab.told[:4]) == normalised(recorded)
    assert [event["type"] for event in lab.told[4:]] == ["comment-added"]


def test_a_new_project_is_told_as_it_was(tmp_path: Path) -> None:
    def first(told: list[Json]) -> list[Json]:
        return [e for e in told if "demo/a" in (e.get("projectName"), e.get("refUpdate", {}).get("project"))][:3]

    def names(told: list[Json]) -> list[str]:
        return [e["refUpdate"]["refName"] if "refUpdate" in e else e["headName"] for e in told]

    recorded, ours = first(events()), first(Lab(tmp_path).told)
    assert names(ours) == names(recorded)
    assert [shape(event) for event in ours] == [shape(event) for event in recorded]


def test_only_the_ci_account_has_the_stream_and_it_is_not_told_of_private_changes(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    lab = Lab(tmp_path / "state", key)
    with ssh_door(lab.review, tmp_path, tmp_path / "key") as door:
        words = [*door.ssh, "zuul@review", "gerrit stream-events"]
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as stream:
            assert stream.stdout
            _until_listened_to(lab)
            lab.propose("demo/a", "hidden", f"I{1:040x}", "%private")
            lab.propose("demo/a", "shown", f"I{2:040x}")
            lines: list[Any] = [json.loads(stream.stdout.readline()) for _ in range(3)]
            stream.terminate()
    assert [line["type"] for line in lines] == ["ref-updated", "ref-updated", "patchset-created"]
    assert lines[2]["change"]["number"] == 2


def _until_listened_to(lab: Lab) -> None:
    """Waits until the stream has begun: until then, nobody is told anything."""
    deadline = time.monotonic() + 30
    while lab.review.listeners < 2 and time.monotonic() < deadline:
        time.sleep(0.05)

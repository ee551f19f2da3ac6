"""What ``gerrit query`` answers of the stand-in, beside what a real Gerrit answered: the same was done to both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pkgci.lab.stand_ins.review.model import Change
from tests.unit.lab.contract.recordings import VERSIONS, Json, queries
from tests.unit.lab.contract.replay import Lab, normalised, votes_in

# What Zuul asks of a change.
ZUULS = (
    "query --format json --all-approvals --comments --commit-message --current-patch-set --dependencies --files"
    " --patch-sets --submit-records"
)
# Changes that were open when others, which stand on them, were asked for.
_OPEN = (31, 33)
_MESSAGE_HEAD = 6
_DEEDS = {"Abandoned": "abandon", "Restored": "restore"}


def asked() -> list[tuple[str, str]]:
    """Every recorded change that was found: version and number."""
    return [
        (version, number)
        for version in VERSIONS
        for number, lines in queries(version).items()
        if number.isdecimal() and len(lines) == 2
    ]


def recorded(version: str, number: str) -> list[Json]:
    """The recorded answer. The newer Gerrit does not count the commit message's lines: here they are counted. That the
    second patch set was made in the web is said by the first message about it, and taken out here."""
    lines = queries(version)[number]
    record = lines[0]
    for item in (record["currentPatchSet"], *record["patchSets"]) if version == "gerrit-3.15" else ():
        item["sizeInsertions"] += _MESSAGE_HEAD + record["commitMessage"].count("\n")
    for comment in record["comments"]:
        if comment["message"] == "Patch Set 2: Published edit on patch set 1.":
            comment["message"] = "Uploaded patch set 2."
    return lines


def _dropped(comment: Json) -> bool:
    """Whether a report came with a vote that was out of range: it is in no record, as in that of change 22."""
    return str(comment["message"]).startswith("Patch Set 1:\n\nBuild succeeded")


class Maker:
    """Makes a change as the recorded answer describes it."""

    def __init__(self, lab: Lab, record: Json) -> None:
        self._lab = lab
        self._record = record
        self._project = record["project"]

    def make(self) -> Change:
        record = self._record
        on = self._below()
        if "cherry-picked" in str(record["comments"]):
            self._lab.set("submit-type", "CHERRY_PICK", "--project", self._project)
        if any(map(_dropped, record["comments"])):
            self._lab.set("verified-range", "1", "--project", self._project)
        items = iter(record["patchSets"])
        change = self._push(next(items), on)
        for above in record.get("neededBy", []):
            self._lab.propose(self._project, "above", above["id"], on=change.current.revision)
        for comment in record["comments"][1:]:
            text, author = comment["message"], comment["reviewer"]["username"]
            target = f"{change.number},{change.current.number}"
            if text.startswith("Uploaded patch set"):
                change = self._push(next(items), on)
            elif text.startswith("Change has been successfully"):
                self._lab.done(f"review --submit {target}", author)
            elif text in _DEEDS:
                self._lab.done(f"review --{_DEEDS[text]} {target}", author)
            else:
                self._lab.say(change, author, text, votes_in(text) | ({"Verified": 2} if _dropped(comment) else {}))
            change = self._lab.review.change(change.number)
        return change

    def _push(self, item: Json, on: str) -> Change:
        message = self._record["commitMessage"].partition("Reviewed-on:")[0]
        files = {file["file"]: file["insertions"] for file in item["files"][1:]}
        commit = self._lab.commit(self._project, message, files, on=on)
        return self._lab.push(self._project, commit, "%wip" if self._record.get("wip") else "")

    def _below(self) -> str:
        """The commit that the change stands on: of a change with the recorded number of patch sets."""
        (below,) = self._record.get("dependsOn") or (None,)
        if below is None:
            return "refs/heads/main"
        change = self._lab.propose(self._project, "below", below["id"])
        if below["number"] not in _OPEN:
            if below["ref"].endswith("/2"):
                self._lab.set("submit-type", "REBASE_ALWAYS", "--project", self._project)
            change = self._lab.land(change)
        return change.current.revision


@pytest.mark.parametrize(("version", "number"), asked())
def test_a_change_is_answered_as_it_was(tmp_path: Path, version: str, number: str) -> None:
    expected = recorded(version, number)
    lab = Lab(tmp_path, projects=(expected[0]["project"],))
    change = Maker(lab, expected[0]).make()
    answered = [json.loads(line) for line in lab.done(f"{ZUULS} {change.number}").splitlines()]
    assert normalised(answered) == normalised(expected)


def test_a_search_in_messages_is_answered_as_it_was(tmp_path: Path) -> None:
    expected = queries()["message search"]
    record = expected[0]
    lab = Lab(tmp_path, projects=("demo/a",))
    base = lab.land(lab.propose("demo/a", "base", f"I{1:040x}"))
    message = record["commitMessage"]
    commit = lab.commit("demo/a", message, {"a-file": 1}, on=base.current.revision)
    change = lab.push("demo/a", commit)
    lab.say(change, "alice", "Patch Set 1: Code-Review+2 Workflow+1", {"Code-Review": 2, "Workflow": 1})
    words = "query --format json --commit-message --current-patch-set"
    answered = [json.loads(line) for line in lab.done(f"{words} message:{change.id}").splitlines()]
    assert normalised(answered) == normalised(expected)


@pytest.mark.parametrize("number", ["13", "999"])
def test_a_change_that_is_private_or_missing_is_not_found(tmp_path: Path, number: str) -> None:
    lab = Lab(tmp_path, projects=("demo/a",))
    change = lab.propose("demo/a", "hidden", f"I{1:040x}", "%private")
    asked_for = {"13": change.number, "999": 999}[number]
    answered = [json.loads(line) for line in lab.done(f"{ZUULS} {asked_for}").splitlines()]
    assert normalised(answered) == normalised(queries()[number])
    seen = json.loads(lab.done(f"{ZUULS} {change.number}", "alice").splitlines()[0])
    assert seen["private"] is True


def test_an_answer_is_written_as_gerrit_writes_json(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.propose("demo/a", "One <two> & 'three' = vier \u2026 f\u00fcnf", f"I{1:040x}")
    line = lab.done(f"{ZUULS} 1").splitlines()[0]
    assert '"subject":"One \\u003ctwo\\u003e \\u0026 \\u0027three\\u0027 \\u003d vier \u2026 f\u00fcnf"' in line

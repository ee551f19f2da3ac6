"""What keeps a change from being merged, read from what the real Gerrit answered to Zuul's query."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from zuul_py3 import records

RECORDED = Path(__file__).parents[2] / "recordings/gerrit-3.11/query.jsonl"


def recorded(number: int) -> dict[str, Any]:
    found = (json.loads(line) for line in RECORDED.read_text().splitlines() if line.startswith("{"))
    return next(record for record in found if record.get("number") == number and "submitRecords" in record)


def lacks(found: Any) -> list[str]:
    return [lack.what for lack in found]


def with_rules(*rules: Mapping[str, Any]) -> dict[str, Any]:
    return {**recorded(33), "submitRecords": list(rules)}


def test_what_lacks_a_review_or_is_in_work_does_not_enter_the_gate() -> None:
    review = "it needs a vote on Code-Review"
    assert lacks(records.obstacles(recorded(33), {"Verified"}, "zuul")) == [review]
    assert lacks(records.obstacles(recorded(34), {"Verified"}, "zuul")) == ["it is marked work in progress", review]


def not_ready(label: str, status: str) -> dict[str, Any]:
    return {"status": "NOT_READY", "labels": [{"label": label, "status": status}]}


OK = {"status": "OK", "labels": [{"label": "Code-Review", "status": "OK"}]}


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ([OK], []),
        ([OK, not_ready("Owners", "NEED")], ["it needs a vote on Owners"]),
        ([not_ready("Verified", "NEED")], []),
        ([not_ready("Verified", "REJECT")], []),
        ([not_ready("Code-Review", "REJECT")], ["Code-Review has a veto"]),
        ([not_ready("Code-Review", "IMPOSSIBLE")], ["nobody may give the vote on Code-Review that it needs"]),
        (
            [{"status": "NOT_READY", "requirements": [{"fallbackText": "All comments resolved", "type": "x"}]}],
            ["it does not meet the requirement 'All comments resolved'"],
        ),
        ([{"status": "RULE_ERROR"}], ["Gerrit's submit rules fail on it"]),
        ([{"status": "CLOSED"}], ["it is closed"]),
    ],
)
def test_every_submit_rule_must_be_fulfilled_but_for_the_ci_s_own_vote(
    rules: list[dict[str, Any]], found: list[str]
) -> None:
    assert lacks(records.obstacles(with_rules(*rules), {"Verified"}, "zuul")) == found


@pytest.mark.parametrize(
    ("votes", "found"),
    [
        ([("Verified", -1, "zuul")], []),
        ([("Verified", 1, "bob"), ("Code-Review", -1, "bob")], []),
        ([("Verified", -1, "zuul"), ("Verified", -1, "bob")], ["Verified has a veto"]),
    ],
)
def test_a_veto_of_somebody_elses_on_the_ci_s_own_label_is_one(
    votes: list[tuple[str, int, str]], found: list[str]
) -> None:
    record = change(*votes, submitRecords=[not_ready("Verified", "REJECT")])
    assert lacks(records.obstacles(record, {"verified"}, "zuul")) == found


def test_what_is_rejected_on_the_ci_s_own_label_is_somebody_elses_vote() -> None:
    gate = Filter([{"Workflow": 1}], [{"Verified": [-2, -1]}])
    approved = ("Workflow", 1, "bob")
    for votes, found in (
        ([approved, ("Verified", -2, "zuul")], []),
        ([approved, ("Verified", -2, "zuul"), ("Verified", -1, "carol")], ["it has Verified -2 or -1"]),
    ):
        assert lacks(records.unmet([gate], change(*votes), "1", "zuul", {"Verified"})) == found


def test_zuuls_own_votes_are_read_by_the_patch_set() -> None:
    assert records.own_votes(recorded(11), "1", "zuul") == {"Verified": 1}
    assert records.own_votes(recorded(33), "1", "zuul") == {}
    assert records.own_votes(recorded(33), "7", "zuul") is None


def test_what_zuul_has_said_is_found_behind_the_line_that_gerrit_puts_before_it() -> None:
    record = recorded(22)
    said = record["comments"][-1]
    message = said["message"].partition("\n\n")[2]
    assert records.has_said(record, "zuul", "1", message, said["timestamp"])
    assert not records.has_said(record, "zuul", "2", message, said["timestamp"])
    assert not records.has_said(record, "alice", "1", message, said["timestamp"])
    assert not records.has_said(record, "zuul", "1", message, said["timestamp"] + 3600)
    assert not records.has_said(record, "zuul", "1", "Something else.", said["timestamp"])


class Filter:
    """A pipeline's requirements, with the matching of Zuul's model (zuul/model.py:1090)."""

    def __init__(self, required: list[dict[str, Any]], rejected: list[dict[str, Any]] = (), **more: Any) -> None:  # type: ignore[assignment]
        self.open = more.get("open")
        self.current_patchset = more.get("current_patchset")
        self.statuses = more.get("statuses", [])
        self.required_approvals = [self._tidy(clause) for clause in required]
        self.reject_approvals = [self._tidy(clause) for clause in rejected]

    @staticmethod
    def _tidy(clause: dict[str, Any]) -> dict[str, Any]:
        return {key: re.compile(value) if key == "username" else value for key, value in clause.items()}

    def _match_approval_required_approval(self, clause: dict[str, Any], vote: dict[str, Any]) -> bool:
        for key, value in clause.items():
            if key == "username":
                if not value.search(vote["by"]["username"]):
                    return False
                continue
            values = value if isinstance(value, list) else [value]
            if vote["description"] != key or int(vote["value"]) not in values:
                return False
        return True

    def matchesRequiredApprovals(self, found: Any) -> bool:  # noqa: N802 - Zuul's name
        return all(
            any(self._match_approval_required_approval(clause, vote) for vote in found.approvals)
            for clause in self.required_approvals
        )


GATE = Filter(
    [{"username": "^zuul$", "Verified": [1, 2]}, {"Workflow": 1}],
    [{"Code-Review": [-2]}],
    open=True,
    current_patchset=True,
)


def change(*votes: tuple[str, int, str], **more: Any) -> dict[str, Any]:
    approvals = [{"description": label, "value": str(value), "by": {"username": who}} for label, value, who in votes]
    return {"open": True, "status": "NEW", "currentPatchSet": {"number": "1", "approvals": approvals}, **more}


def unmet(record: dict[str, Any]) -> list[str]:
    return lacks(records.unmet([GATE], record, "1", "zuul", {"Verified", "submit"}))


def test_the_vote_that_zuul_took_back_when_the_gate_began_lacks_nothing() -> None:
    assert unmet(change(("Workflow", 1, "bob"))) == []


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (change(), ["it has no Workflow +1 any more"]),
        (change(("Workflow", 1, "bob"), ("Code-Review", -2, "carol")), ["it has Code-Review -2"]),
        (change(("Workflow", 1, "bob"), open=False), ["it is closed"]),
        (
            {**change(("Workflow", 1, "bob")), "currentPatchSet": {"number": "2", "approvals": []}},
            ["there is a newer patch set", "it has no Workflow +1 any more"],
        ),
    ],
)
def test_what_people_withdrew_during_the_gate_lacks(record: dict[str, Any], found: list[str]) -> None:
    assert unmet(record) == found


def test_what_has_passed_the_gate_keeps_the_vote_that_the_gate_requires() -> None:
    assert records.regained([GATE], "zuul", {"Verified"}) == {"Verified": 1}
    assert records.regained([GATE], "zuul", {"verified"}) == {"Verified": 1}
    assert records.regained([Filter([{"Workflow": 1}])], "zuul", {"Verified"}) == {}

"""A fault of Gerrit's own is waited for, for an hour; what somebody else has put into its words is none."""

from __future__ import annotations

import pytest
from zuul_py3 import faults, refusals

from tests.unit.zuul.reviewing import NOT_READY, Desk, Gerrit, send


@pytest.mark.parametrize("words", ["fatal: internal server error", "fatal: HTTP 503", "fatal: status 502", ""])
def test_a_fault_of_gerrits_own_is_no_refusal(desk: Desk, gerrit: Gerrit, words: str) -> None:
    gerrit.refuses = words or "fatal: one or more reviews failed; review output above"
    report = desk.gate()
    with pytest.raises(refusals.LaterError):
        desk.deliver(report)
    gerrit.refuses = None
    assert send(desk, report).outcome == "merged"
    assert len(gerrit.said) == 1


NOT_IN_A_MOMENT = [
    NOT_READY.replace("33", "500"),
    NOT_READY.replace("Verified", "try-again-timeout-HTTP 503"),
    "error: fatal: Change 33 is not ready: submit requirement 'error while away' is unsatisfied.",
    "error: fatal: Change could not be merged due to a path conflict.\n\nmerge conflict(s):\ntry again\n* timeout.py",
    "error: fatal: Failed to submit 503 changes",
]


@pytest.mark.parametrize("words", NOT_IN_A_MOMENT)
def test_a_number_or_a_name_of_somebodys_choice_is_no_fault_of_gerrits_own(
    desk: Desk, gerrit: Gerrit, words: str
) -> None:
    gerrit.refuses = words
    report = desk.gate()
    desk.deliver(report)
    assert report.outcome == "refused"


def test_a_fault_of_gerrits_own_is_one_behind_a_list_of_files_too() -> None:
    assert faults.passes("error: fatal: conflicting files:\na.py\n\nfatal: internal server error")


def test_a_fault_of_gerrits_own_with_one_change_is_borne_for_an_hour(desk: Desk, gerrit: Gerrit) -> None:
    gerrit.refuses = "fatal: internal server error"
    report = desk.gate()
    with pytest.raises(refusals.LaterError):
        desk.deliver(report)
    desk.now += 3601
    assert send(desk, report).outcome == "refused"
    assert "internal server error" in gerrit.said[-1]


def test_a_change_of_which_gerrit_tells_nothing_is_borne_for_an_hour_too(desk: Desk, gerrit: Gerrit) -> None:
    look = gerrit.look

    def fault(number: str) -> None:
        raise refusals.LaterError("the index is corrupt")

    gerrit.look = fault  # type: ignore[assignment,method-assign]
    report = desk.gate()
    with pytest.raises(refusals.LaterError):
        desk.deliver(report)
    desk.now += 3599
    with pytest.raises(refusals.LaterError):
        desk.deliver(report)
    desk.now += 1
    desk.deliver(report)
    assert (report.outcome, report.steps, gerrit.status) == ("refused", [], "NEW")
    assert "change 33 of demo/b" in desk.alerts() and "the index is corrupt" in desk.alerts()
    gerrit.look = look  # type: ignore[method-assign]
    assert send(desk, desk.gate()).outcome == "merged"
    assert desk.alerts() == "{}"

"""A report arrives once, with its vote; a submit that is refused, or not wanted any more, is told on the change."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from zuul_py3 import asking, records, refusals, reports

from pkgci.pipelines import trust
from tests.unit.zuul.reviewing import CLOSED, NOT_PERMITTED, NOT_READY, RESTRICTED, WIP, Desk, Gerrit, send, words_on


def test_what_passed_the_gate_is_said_voted_and_merged_by_one_command(desk: Desk, gerrit: Gerrit) -> None:
    assert send(desk, desk.gate()).outcome == "merged"
    assert gerrit.commands == [{"message": "Build succeeded.\n\n- job : SUCCESS", "Verified": 2, "submit": True}]


@pytest.mark.parametrize("breaks", [["before"], ["after"], ["look before"], ["before", "after", "look before"]])
def test_a_report_that_meets_a_closed_port_arrives_once_when_gerrit_is_back(
    desk: Desk, gerrit: Gerrit, breaks: list[str | None]
) -> None:
    gerrit.breaks = breaks
    assert send(desk, desk.gate()).outcome == "merged"
    assert (len(gerrit.said), gerrit.cast, gerrit.status) == (1, [("Verified", 2)], "MERGED")


def test_a_check_that_broke_off_is_not_voted_twice(desk: Desk, gerrit: Gerrit) -> None:
    gerrit.breaks = ["after"]
    assert send(desk, desk.check()).outcome == "delivered"
    assert (len(gerrit.said), gerrit.cast) == (1, [("Verified", 1)])


def test_a_vote_without_its_submit_is_submitted_when_gerrit_is_back(desk: Desk, gerrit: Gerrit) -> None:
    gerrit.breaks = ["after"]
    gerrit.refuses = "internal server error"
    report = desk.gate()
    with pytest.raises(asking.UnreachableError):
        desk.deliver(report)
    gerrit.refuses = None
    assert send(desk, report).outcome == "merged"
    assert (len(gerrit.said), gerrit.cast) == (1, [("Verified", 2)])
    assert gerrit.commands[-1] == {"message": "", "submit": True}


def test_a_label_without_the_amount_gets_the_next_smaller_one_and_the_change_is_merged(tmp_path: Path) -> None:
    gerrit = Gerrit(largest=1)
    gerrit.refuses = NOT_READY
    desk = Desk(gerrit, tmp_path)
    report = desk.gate()
    cast: list[Any] = gerrit.cast
    review = gerrit.review

    def needs_a_vote(*args: Any) -> None:
        gerrit.refuses = None if args[3].get("Verified") == 1 else NOT_READY
        review(*args)

    gerrit.review = needs_a_vote  # type: ignore[method-assign]
    assert send(desk, report).outcome == "merged"
    assert (len(gerrit.said), cast) == (1, [("Verified", 1)])
    # It is remembered.
    gerrit.record.update(status="NEW", open=True)
    assert send(desk, desk.gate()).outcome == "merged"
    assert gerrit.commands[-1]["Verified"] == 1 and len(gerrit.commands) == 3


@pytest.mark.parametrize(("amount", "arrives"), [(2, 1), (-2, -1), (4, 1)])
def test_a_vote_that_is_dropped_without_a_word_is_given_again_smaller(
    tmp_path: Path, amount: int, arrives: int
) -> None:
    gerrit = Gerrit(largest=1)
    send(Desk(gerrit, tmp_path), Desk(gerrit, tmp_path).check(amount))
    assert gerrit.cast == [("Verified", arrives)]
    assert len(gerrit.said) == 1


def test_a_range_that_was_widened_is_noticed_when_the_smaller_vote_does_not_do_any_more(
    desk: Desk, gerrit: Gerrit
) -> None:
    desk.amounts.learn("demo/b", "Verified", 1)
    review = gerrit.review

    def needs_two(*args: Any) -> None:
        gerrit.refuses = None if args[3].get("Verified") == 2 else NOT_READY
        review(*args)

    gerrit.review = needs_two  # type: ignore[method-assign]
    assert send(desk, desk.gate()).outcome == "merged"
    assert gerrit.cast == [("Verified", 1), ("Verified", 2)]


def test_a_declared_vote_that_is_dropped_is_told_on_the_change_and_alerts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gerrit = Gerrit(largest=1)
    desk = Desk(gerrit, tmp_path, lowers=False)
    with caplog.at_level(logging.ERROR):
        send(desk, desk.check(2))
    assert gerrit.cast == []
    assert "dropped a vote of the account zuul without a word: Verified +2" in gerrit.said[-1]
    assert "pkgci verify-review" in gerrit.said[-1]
    assert "Verified +2 on changes of demo/b" in desk.alerts()
    assert "ALERT: Gerrit drops Zuul's vote Verified +2" in caplog.text
    gerrit.largest = 2
    send(desk, desk.check(2))
    assert desk.alerts() == "{}"


def test_a_label_that_the_layout_writes_in_small_letters_has_its_vote(desk: Desk, gerrit: Gerrit) -> None:
    review = gerrit.review

    def in_gerrits_spelling(project: str, change: str, message: str, action: dict[str, Any]) -> None:
        review(project, change, message, {key.replace("ver", "Ver"): value for key, value in action.items()})

    gerrit.review = in_gerrits_spelling  # type: ignore[method-assign]
    step = reports.Step("Build succeeded.", {"verified": 1})
    send(desk, reports.Report("demo/b", "main", "33", "1", [step]))
    assert (gerrit.said, gerrit.cast, desk.alerts()) == (["Build succeeded."], [("Verified", 1)], "")
    desk.amounts.learn("demo/b", "Verified", 1)
    assert desk.amounts.capped("demo/b", {"verified": 2}) == {"verified": 1}
    desk.amounts.forget("demo/b", ["verified"])
    assert desk.amounts.capped("demo/b", {"Verified": 2}) == {"Verified": 2}


def test_a_label_that_is_not_there_is_told_too_where_nothing_was_declared(tmp_path: Path) -> None:
    gerrit = Gerrit(largest=0)
    desk = Desk(gerrit, tmp_path)
    send(desk, desk.check(2))
    assert len(gerrit.said) == 2 and "no such label" in gerrit.said[-1]


@pytest.mark.parametrize(
    ("words", "advice", "alerts"),
    [
        (NOT_PERMITTED, "needs the right Submit on refs/heads/main of demo/b", True),
        (NOT_READY, "compare the label's range and its submit requirement", True),
        (NOT_READY.replace("'Verified'", "'Owners'"), "See to it that Owners is fulfilled", False),
        (WIP, "Change 33 must be ready too: see what it lacks, and approve it. Mark it ready for review.", False),
        ("error: fatal: Change 33 is marked work in progress", "Mark it ready for review.", False),
        ("error: fatal: Change could not be merged due to a path conflict", "Rebase it", False),
    ],
)
def test_a_submit_that_gerrit_refuses_is_told_in_its_words_with_a_minus_and_what_to_do(
    desk: Desk, gerrit: Gerrit, words: str, advice: str, alerts: bool
) -> None:
    gerrit.refuses = words
    assert send(desk, desk.gate()).outcome == "refused"
    last = gerrit.said[-1]
    assert all(reason in last for reason in refusals.reasons(words))
    assert advice in last and "a line that says only: recheck" in last
    assert "one or more reviews failed" not in last and "Build succeeded." not in last
    assert [vote["value"] for vote in gerrit.votes] == ["-2"]
    assert ("demo/b" in desk.alerts()) is alerts


@pytest.mark.parametrize("asked", ["failed", "regained", "not_submitted"])
def test_a_layout_that_is_loaded_anew_at_the_wrong_moment_costs_no_comment(
    desk: Desk, gerrit: Gerrit, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, calls = getattr(desk.about, asked), []

    def not_now(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise refusals.LaterError("the layout was loaded anew")
        return answer(*args)

    monkeypatch.setattr(desk.about, asked, not_now)
    if asked == "failed":
        gerrit.refuses = NOT_PERMITTED
    else:
        desk.about.lacking = [records.Lack("it has no Workflow +1 any more", "it has Workflow +1")]
    report = desk.gate()
    with pytest.raises(refusals.LaterError):
        desk.deliver(report)
    assert report.outcome is None and report.steps[0].submit
    assert send(desk, report).outcome == "refused"
    assert len(calls) == 2 and ("submit not permitted" in gerrit.said[-1] or "Not submitted" in gerrit.said[-1])


@pytest.mark.parametrize("word", ["recheck", "Recheck ", "republish"])
def test_a_file_whose_name_is_a_command_does_not_start_a_pipeline_by_way_of_zuuls_own_comment(
    desk: Desk, gerrit: Gerrit, word: str
) -> None:
    gerrit.refuses = f"error: fatal: Change could not be merged due to a path conflict.\nmerge conflict(s):\n{word}"
    send(desk, desk.gate())
    assert f"| {word.strip()}" in gerrit.said[-1]
    assert not any(re.search(pattern, gerrit.said[-1]) for pattern in (trust.RECHECK, trust.REPUBLISH))


def test_an_alert_ends_when_a_submit_works_again(desk: Desk, gerrit: Gerrit) -> None:
    gerrit.refuses = NOT_PERMITTED
    send(desk, desk.gate())
    assert "submit not permitted" in desk.alerts()
    gerrit.refuses = None
    send(desk, desk.gate())
    assert desk.alerts() == "{}"


def test_an_approval_that_is_withdrawn_in_the_meantime_stops_the_submit(desk: Desk, gerrit: Gerrit) -> None:
    desk.about.lacking = [records.Lack("it has no Workflow +1 any more", "it has Workflow +1")]
    assert send(desk, desk.gate()).outcome == "refused"
    assert gerrit.said == ["Not submitted: it has no Workflow +1 any more"]
    assert (gerrit.cast, gerrit.status) == ([("Verified", 1)], "NEW")


def test_what_is_required_is_asked_again_after_gerrit_was_away(desk: Desk, gerrit: Gerrit) -> None:
    gerrit.breaks = ["before"]
    report = desk.gate()
    with pytest.raises(asking.UnreachableError):
        desk.deliver(report)
    desk.about.lacking = [records.Lack("there is a newer patch set", "that one is approved")]
    assert send(desk, report).outcome == "refused"
    assert gerrit.status == "NEW"


def test_a_report_whose_item_has_left_its_queue_is_dropped(desk: Desk, gerrit: Gerrit) -> None:
    desk.about.is_wanted = False
    assert send(desk, desk.gate()).outcome == "dropped"
    assert gerrit.commands == []


def test_a_change_that_somebody_else_has_merged_counts_as_merged(desk: Desk, gerrit: Gerrit) -> None:
    gerrit.record.update(status="MERGED", open=False)
    gerrit.refuses_votes = CLOSED
    assert send(desk, desk.gate()).outcome == "merged"
    assert gerrit.said == ["Build succeeded.\n\n- job : SUCCESS"]
    assert desk.alerts() == ""


@pytest.mark.parametrize("words", [CLOSED, RESTRICTED])
def test_a_change_that_others_merge_between_the_look_and_the_review_counts_as_merged(
    desk: Desk, gerrit: Gerrit, words: str
) -> None:
    review = gerrit.review

    def merged_just_before(*args: Any) -> None:
        gerrit.record.update(status="MERGED", open=False)
        gerrit.refuses_votes = words
        review(*args)

    gerrit.review = merged_just_before  # type: ignore[method-assign]
    assert send(desk, desk.gate()).outcome == "merged"
    assert [said.partition("\n")[0] for said in gerrit.said] == ["Build succeeded."]
    assert desk.alerts() == ""


def test_a_vote_that_zuul_may_not_give_is_told_with_the_report(desk: Desk, gerrit: Gerrit) -> None:
    gerrit.refuses_votes = RESTRICTED
    assert send(desk, desk.check()).outcome == "refused"
    assert len(gerrit.said) == 1
    assert gerrit.said[0].startswith("Build succeeded.")
    assert 'Applying label "Workflow": 1 is restricted' in gerrit.said[0]
    assert "demo/b" in desk.alerts()


def test_where_the_vote_is_refused_success_is_not_the_last_word_of_the_gate(desk: Desk, gerrit: Gerrit) -> None:
    gerrit.refuses_votes = RESTRICTED
    assert send(desk, desk.gate()).outcome == "refused"
    assert gerrit.said[-1].startswith("The jobs succeeded, but this change was not submitted.")
    assert gerrit.status == "NEW"


def test_a_change_that_there_is_not_any_more_holds_nothing_up(desk: Desk, gerrit: Gerrit) -> None:
    gerrit.record["number"] = "34"
    gerrit.refuses_votes = words_on("no change")
    report = desk.check()
    gerrit.review = lambda *args: (_ for _ in ()).throw(asking.RefusedError(words_on("no change")))  # type: ignore[method-assign]
    assert send(desk, report).outcome == "refused"

"""What Zuul tells Gerrit: votes that arrive, submits that are refused or not wanted any more, a Gerrit that is away."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.lab.conftest import Lab
from tests.lab.reviewing import PROJECT, Change, Clone, gerrit_away, mark, other_gerrit, script, wait_until

# A build that is long enough for something to happen meanwhile.
SLOW = script("sleep 10")
AWAY = 30.0
PATIENCE = 300.0


@pytest.fixture
def clone(deployed: Lab, tmp_path: Path) -> Clone:
    return Clone(deployed, tmp_path / "hello")


def said(change: Change, words: str) -> int:
    """How many of Zuul's messages have these words."""
    return sum(words in message for message in change.messages())


def wait_for_words(change: Change, words: str, seconds: float = 180) -> None:
    wait_until(lambda: said(change, words) > 0, seconds, change.so_far)


def checked(clone: Clone, subject: str, build: str = script("echo built")) -> Change:
    """A change that has passed its check."""
    change = clone.propose(subject, {f"{subject.lower().replace(' ', '-')}.txt": f"{time.time()}\n", "ci/build": build})
    change.wait_for_vote(1)
    return change


def in_the_gate(clone: Clone, subject: str, build: str = SLOW) -> Change:
    """A change whose build for the gate has just begun."""
    change = checked(clone, subject, build)
    change.approve()
    wait_for_words(change, "Starting gate jobs")
    running = "pgrep -f '[c]i/build'"  # not the shell that asks
    wait_until(lambda: clone.lab.exec("build01", "sh", "-c", running, check=False).returncode == 0, 90, change.so_far)
    return change


@pytest.mark.long
def test_a_label_that_takes_less_than_two_gets_one_and_the_change_is_merged(deployed: Lab, clone: Clone) -> None:
    with other_gerrit(deployed, "verified-range", "1", "2"):
        change = checked(clone, "Vote less")
        change.approve()
        change.wait_for_merge()
        assert change.verified() == 1
        assert said(change, "Build succeeded.") == 2


def test_a_submit_that_gerrit_refuses_is_told_on_the_change_and_by_status_until_it_works(
    deployed: Lab, clone: Clone
) -> None:
    with other_gerrit(deployed, "submit-right", "off", "on"):
        change = checked(clone, "Refuse me")
        change.approve()
        change.wait_for_vote(-2, seconds=180)
        report = change.report()
        assert "Gerrit refused to submit this change" in report
        assert "submit not permitted" in report
        assert f"needs the right Submit on refs/heads/main of {PROJECT}" in report
        assert change.query()["status"] == "NEW"
        status = deployed.pkgci("status", check=False)
        assert status.returncode == 1
        assert "submit not permitted" in " ".join((status.stdout + status.stderr).split())
        assert "ALERT:" in deployed.exec("zuul01", "cat", "/var/log/zuul/server.log").stdout
    change.comment("recheck")
    change.wait_for_merge(240)
    assert "submit not permitted" not in deployed.pkgci("status", check=False).stdout


@pytest.mark.long
def test_a_change_behind_one_that_is_not_submitted_is_tested_anew_and_merged(deployed: Lab, clone: Clone) -> None:
    behind = checked(clone, "Come after it")
    # Zuul takes up the other one after 10 s: the first must still be there.
    refused = in_the_gate(clone, "Lose your approval", script("sleep 25"))
    refused.vote("Code-Review", 0, user="bob")
    behind.approve()
    behind.wait_for_merge(240)
    assert refused.query()["status"] == "NEW"


@pytest.mark.long
def test_an_approval_that_is_withdrawn_and_a_veto_in_the_gate_stop_the_merge_until_it_is_there_again(
    clone: Clone,
) -> None:
    change = in_the_gate(clone, "Wait a moment")
    change.vote("Workflow", 0, user="bob")
    change.vote("Code-Review", -2, user="bob")
    wait_for_words(change, "was not submitted")
    assert "it has no Workflow +1 any more" in change.report()
    assert "it has Code-Review -2" in change.report()
    assert change.query()["status"] == "NEW"
    change.approve()
    change.wait_for_merge(240)


@pytest.mark.long
def test_an_approved_change_in_work_says_once_why_it_is_not_merged_and_is_when_it_is_ready(clone: Clone) -> None:
    change = checked(clone, "Not yet")
    mark(change, "wip")
    change.approve()
    words = "This change is approved but cannot be merged yet: it is marked work in progress"
    wait_for_words(change, words)
    change.comment("What is it waiting for?")
    time.sleep(20)
    assert (said(change, words), said(change, "Starting gate jobs")) == (1, 0)
    mark(change, "ready")
    change.wait_for_merge()


def away_while_it_reports(deployed: Lab, change: Change, *, kill_zuul: bool) -> None:
    with gerrit_away(deployed):
        end = time.monotonic() + AWAY
        if kill_zuul:
            time.sleep(AWAY / 2)
            deployed.exec("zuul01", "systemctl", "kill", "--signal=KILL", "zuul-server")
        time.sleep(max(0.0, end - time.monotonic()))
    change.wait_for_merge(PATIENCE)


def test_a_change_that_passes_the_gate_while_gerrit_is_away_is_merged_when_it_is_back_and_told_once(
    deployed: Lab, clone: Clone
) -> None:
    change = in_the_gate(clone, "Report to nobody")
    away_while_it_reports(deployed, change, kill_zuul=False)
    assert said(change, "Build succeeded.") == 2
    assert said(change, "Starting gate jobs") == 1


@pytest.mark.long
def test_it_is_merged_too_where_zuul_dies_while_gerrit_is_away(deployed: Lab, clone: Clone) -> None:
    change = in_the_gate(clone, "Report to nobody and die")
    away_while_it_reports(deployed, change, kill_zuul=True)
    assert said(change, "Build succeeded.") == 2


@pytest.mark.long
def test_a_check_that_fails_while_gerrit_is_away_is_told_when_it_is_back(deployed: Lab, clone: Clone) -> None:
    change = clone.propose("Fail unheard", {"ci/build": script("sleep 10", "exit 1")})
    wait_for_words(change, "Starting check jobs")
    with gerrit_away(deployed):
        time.sleep(AWAY)
    change.wait_for_vote(-1, seconds=PATIENCE)
    assert said(change, "Build failed.") == 1

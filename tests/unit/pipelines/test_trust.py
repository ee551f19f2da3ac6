"""Whose changes run: the check pipeline's triggers, judged as Zuul 2.6 judges them (its model.EventFilter)."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkgci.model.document import DocumentError
from pkgci.model.load import load_site
from pkgci.pipelines.trust import RECHECK, REPUBLISH, check_triggers, republish_triggers
from tests.unit.conftest import SITE

Write = Callable[[str], Path]
Event = dict[str, Any]
ALICE = {"username": "alice", "email": "alice@example.org"}
MALLORY = {"username": "mallory", "email": "mallory@example.com"}


@pytest.fixture
def starts(write_site: Write) -> Callable[..., bool]:
    """Whether an event starts a check, on a site with this trust."""

    def judge(trust: str, event: Event, *approvals: tuple[str, str, int]) -> bool:
        """``approvals`` are those of the current patch set: (account, label, value)."""
        site = load_site(write_site(SITE + (f"zuul: {{trust: {trust}}}\n" if trust else "")))
        return any(_matches(trigger.event, event, approvals) for trigger in check_triggers(site))

    return judge


def _matches(trigger: Event, event: Event, approvals: tuple[tuple[str, str, int], ...]) -> bool:
    types = trigger["event"] if isinstance(trigger["event"], list) else [trigger["event"]]
    required, rejected = trigger.get("require-approval", []), trigger.get("reject-approval", [])
    account = event["account"]
    return (
        any(re.match(kind, event["type"]) for kind in types)
        and ("comment" not in trigger or re.search(trigger["comment"], event.get("comment", "")) is not None)
        and all(
            any(re.search(pattern, account[key]) for pattern in trigger[key])
            for key in ("username", "email")
            if key in trigger
        )
        and all(
            (label, value) in event.get("votes", []) for v in trigger.get("approval", []) for label, value in v.items()
        )
        and not ((required or rejected) and not approvals)
        and all(any(_approves(wanted, given) for given in approvals) for wanted in required)
        and not any(_approves(wanted, given) for wanted in rejected for given in approvals)
    )


def _approves(wanted: Event, given: tuple[str, str, int]) -> bool:
    account, label, value = given
    for key, values in wanted.items():
        if key == "username":
            if not re.search(values, account):
                return False
        elif key != label or value not in (values if isinstance(values, list) else [values]):
            return False
    return True


def pushed(account: Event) -> Event:
    return {"type": "patchset-created", "account": account}


def commented(account: Event, text: str, *votes: tuple[str, int]) -> Event:
    return {"type": "comment-added", "account": account, "comment": f"Patch Set 1:\n\n{text}", "votes": list(votes)}


@pytest.mark.parametrize("event", [pushed(MALLORY), commented(MALLORY, "recheck")])
def test_without_a_trust_every_change_runs(starts: Callable[..., bool], event: Event) -> None:
    assert starts("", event)


ACCOUNTS = "{accounts: [alice, bob@example.org]}"


@pytest.mark.parametrize("event", [pushed(ALICE), commented(ALICE, "recheck")])
def test_a_trusted_account_starts_checks(starts: Callable[..., bool], event: Event) -> None:
    assert starts(ACCOUNTS, event)


def test_a_trusted_mail_address_starts_checks_whatever_its_user_name(starts: Callable[..., bool]) -> None:
    assert starts(ACCOUNTS, pushed({"username": "robert", "email": "bob@example.org"}))


@pytest.mark.parametrize(
    "account",
    [
        MALLORY,
        {"username": "alice2", "email": "alice2@example.com"},
        {"username": "malice", "email": "alice"},
        {"username": "bob@example.org", "email": "x@example.com"},
        {"username": "x", "email": "bob@example.org.evil.com"},
        {"username": "x", "email": "bob@exampleXorg"},
        {"username": "Alice", "email": "x@example.com"},
    ],
    ids=lambda account: f"{account['username']} {account['email']}",
)
def test_a_stranger_starts_nothing_whatever_his_name_looks_like(starts: Callable[..., bool], account: Event) -> None:
    for event in (pushed(account), commented(account, "recheck"), {"type": "change-restored", "account": account}):
        assert not starts(ACCOUNTS, event)


def test_a_strangers_patch_set_on_an_approved_change_does_not_run_by_itself(starts: Callable[..., bool]) -> None:
    # Even where Gerrit keeps the approval over the new patch set.
    trust = "{accounts: [alice], approval: {label: Code-Review, value: 1}}"
    assert not starts(trust, pushed(MALLORY), ("alice", "Code-Review", 1))


APPROVAL = "{approval: {label: Code-Review, value: 1}}"


def test_with_an_approval_only_nothing_runs_before_it(starts: Callable[..., bool]) -> None:
    assert not starts(APPROVAL, pushed(ALICE))
    assert not starts(APPROVAL, commented(ALICE, "recheck"))


@pytest.mark.parametrize("value", [1, 2])
def test_the_approval_or_a_higher_one_starts_the_check(starts: Callable[..., bool], value: int) -> None:
    event = commented(ALICE, "fine", ("Code-Review", value))
    assert starts(APPROVAL, event, ("alice", "Code-Review", value))


@pytest.mark.parametrize("votes", [("Code-Review", -1), ("Workflow", 1)])
def test_another_vote_does_not(starts: Callable[..., bool], votes: tuple[str, int]) -> None:
    assert not starts(APPROVAL, commented(ALICE, "fine", votes), ("alice", *votes))


def test_a_later_comment_of_the_approver_does_not_run_it_again(starts: Callable[..., bool]) -> None:
    event = commented(ALICE, "thanks", ("Code-Review", 1))
    assert not starts(APPROVAL, event, ("alice", "Code-Review", 1), ("zuul", "Verified", 1))


def test_anybody_may_recheck_what_was_let_run(starts: Callable[..., bool]) -> None:
    assert starts(APPROVAL, commented(MALLORY, "recheck"), ("alice", "Code-Review", 1))
    assert not starts(APPROVAL, commented(MALLORY, "recheck"), ("alice", "Code-Review", -1))


@pytest.mark.parametrize("text", ["recheck", "RECHECK", "please\n recheck \nthanks", "recheck\r\n"])
def test_recheck_alone_on_a_line_is_understood(text: str) -> None:
    assert re.search(RECHECK, f"Patch Set 3: Code-Review+1\n\n{text}")


@pytest.mark.parametrize("text", ["do not recheck", "recheck please", "> recheck", "rechecks", "says only: recheck"])
def test_recheck_in_a_sentence_is_not(text: str) -> None:
    assert not re.search(RECHECK, f"Patch Set 3:\n\n{text}")


def test_a_trust_that_nobody_could_have_is_refused(write_site: Write) -> None:
    with pytest.raises(DocumentError, match=r"21:15: 'trust' .*no change would ever run"):
        load_site(write_site(SITE + "zuul: {trust: {}}\n"))


@pytest.mark.parametrize(
    ("trust", "who"),
    [("", {}), ("{approval: {label: Code-Review, value: 1}}", {}), ("{accounts: [alice]}", {"username": ["^alice$"]})],
)
def test_a_merged_change_is_published_again_for_those_whose_recheck_counts(
    write_site: Write, trust: str, who: Event
) -> None:
    site = load_site(write_site(SITE + (f"zuul: {{trust: {trust}}}\n" if trust else "")))
    asked = {"event": "comment-added", "comment": REPUBLISH, **who}
    assert [trigger.event for trigger in republish_triggers(site)] == [asked]

"""What votes and submits on changes prove of a Gerrit that shows anonymous users nothing, and what they leave open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.review.verdict import Judged, State
from tests.unit.review.conftest import PROJECT
from tests.unit.review.host_facts import change, closed, ended, facts
from tests.unit.review.test_judge import judged, missing, of

DECIDE = {"Label Verified", "Label Workflow", "vote Verified", "vote Workflow", "Submit"}
SUBMITTED = change(3, ("Verified", 2, "zuul"), ("Workflow", 1, "bob"), ("SUBM", 1, "zuul"))
REFUSED = change(2, ("Verified", -1, "zuul"), ("Verified", -2, "zuul"))


def unproven(result: Judged) -> set[str]:
    return {one.subject for one in result.unproven}


def test_a_closed_gerrit_without_a_change_is_not_proven_in_all_that_decides(review_site: Site) -> None:
    result = judged(review_site, closed())
    assert (result.as_needed, result.proven) == (True, False)
    assert unproven(result) == DECIDE


def test_what_was_voted_and_submitted_on_changes_proves_a_closed_gerrit(review_site: Site) -> None:
    result = judged(review_site, closed(SUBMITTED, REFUSED))
    assert result.proven
    told = {one.subject: one.text for one in of(result, State.OK)}
    assert told["Label Verified"] == "-2..+2 was voted on its changes"
    assert told["vote Verified"] == "zuul has given -2..+2"
    assert told["vote Workflow"] == "Workflow +1 was given on its changes"
    assert told["Submit"] == "zuul has submitted changes to main"


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ((change(),), DECIDE),
        ((SUBMITTED,), {"Label Verified", "vote Verified"}),
        ((REFUSED,), DECIDE),
        ((change(1, ("Verified", 2, "bob"), ("Verified", -2, "bob")),), DECIDE - {"Label Verified"}),
        ((change(1, ("SUBM", 1, "bob")),), DECIDE),
    ],
)
def test_what_changes_do_not_show_stays_unproven(
    review_site: Site, changes: tuple[dict[str, Any], ...], left: set[str]
) -> None:
    assert unproven(judged(review_site, closed(*changes))) == left


def test_a_submit_proves_its_own_branch_only(review_site: Site) -> None:
    found = closed(SUBMITTED, REFUSED)
    found["heads"][PROJECT]["out"] += "b" * 40 + "\trefs/heads/stable\n"
    (left,) = judged(review_site, found).unproven
    assert (left.subject, left.text) == ("Submit", "whether zuul has it on stable, Gerrit tells administrators only")


def test_a_label_that_changes_do_not_have_is_missing(review_site: Site) -> None:
    lines = missing(judged(review_site, closed(change(labels=("Code-Review", "Workflow")))))
    assert any("Label Verified" in line and "have no such label" in line and "project.config" in line for line in lines)


def test_a_votes_range_that_the_site_names_must_have_been_given(write_review_site: Callable[..., Path]) -> None:
    strict = load_site(write_review_site("votes: {check: 1, gate: 2}"))
    narrow = change(4, ("Verified", 1, "zuul"), ("Verified", -1, "zuul"), ("SUBM", 1, "zuul"), ("Workflow", 1, "bob"))
    assert unproven(judged(strict, closed(narrow))) == {"Label Verified", "vote Verified"}


def test_a_clone_that_had_no_time_is_not_known(review_site: Site) -> None:
    for status in (124, None):
        found = facts() | {"clones": {PROJECT: {"branch": "main", "status": status, "err": "no answer within 120 s"}}}
        (clone,) = [one for one in of(judged(review_site, found), State.NOT_KNOWN) if one.subject == "clone"]
        assert clone.decides and "no answer within 120 s" in clone.text


def test_gerrit_shows_the_service_users_to_one_of_them(review_site: Site) -> None:
    listed = "id\tusername\tfull name\temail\n1000001\tzuul\tZuul\tn/a\n"
    result = judged(review_site, facts() | {"members": ended(out=listed)})
    assert "Service Users" in {one.subject for one in of(result, State.OK)}

"""What the verification of a review says: what lacks by Gerrit's name for it, and what nobody can know as just that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkgci.model.known_hosts import HostKey
from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.review.history import history
from pkgci.review.judge import judge
from pkgci.review.opening import opened
from pkgci.review.projects import Seen
from pkgci.review.server import GerritServer
from pkgci.review.verdict import Judged, State, Verdict
from pkgci.review.wanted import wanted
from tests.unit.review.conftest import PROJECT
from tests.unit.review.fake_gerrit import ADMINISTRATORS, SERVICE_USERS, FakeGerrit
from tests.unit.review.host_facts import KEY, OTHER, change, closed, ended, facts, page, values


def judged(site: Site, found: dict[str, Any], live: Any = None, keys: tuple[HostKey, ...] = ()) -> Judged:
    changes = {name: history(told) for name, told in found["changes"].items()}
    return judge(site, wanted(site, None), found, keys, Seen(live, found.get("pages", {}), changes))


def of(result: Judged, state: State) -> list[Verdict]:
    return [verdict for verdict in result.verdicts if verdict.state is state]


def missing(result: Judged) -> list[str]:
    return [f"{one.subject} ({one.where}): {one.text}" for one in of(result, State.MISSING)]


# What Gerrit shows to administrators only.
HIDDEN = {"Submit", "vote Workflow", "submit requirements", "Service Users"}


def test_without_an_administrator_what_gerrit_tells_them_only_is_not_known_and_it_says_what_would_tell(
    review_site: Site,
) -> None:
    result = judged(review_site, facts())
    assert result.as_needed
    assert {one.subject for one in of(result, State.NOT_KNOWN)} == HIDDEN
    assert all("PKGCI_GERRIT_PASSWORD" in one.where for one in of(result, State.NOT_KNOWN))
    assert not HIDDEN & {one.subject for one in of(result, State.OK)}


def test_what_anonymous_users_may_not_read_is_not_known_and_never_good(review_site: Site) -> None:
    result = judged(review_site, closed())
    assert result.as_needed
    subjects = {"Label Verified", "Label Workflow", "vote Verified", "submit type"} | HIDDEN
    assert {one.subject for one in of(result, State.NOT_KNOWN)} == subjects
    assert not subjects & {one.subject for one in of(result, State.OK)}
    assert "anonymous users may not read it" in [one.text for one in of(result, State.INFORMATION)]


@pytest.mark.parametrize(
    ("other", "named", "where"),
    [
        (
            {"stream": {"status": 1, "err": "stream events not permitted"}},
            "Stream Events",
            "All-Projects → Access → Global Capabilities",
        ),
        ({"stream": {"status": 255, "err": "closed by remote host"}}, "closed by remote host", "error_log"),
        ({"names": ended(out="All-Projects\n")}, "sees no such project", "Read"),
        ({"heads": {PROJECT: ended(128, err="fatal: unavailable")}}, "fatal: unavailable", ""),
        (
            {"heads": {PROJECT: ended()}, "clones": {PROJECT: {"branch": "", "status": 0, "err": ""}}},
            "it is empty: zuul sees no branch",
            "Read",
        ),
        (
            {
                "heads": {PROJECT: ended()},
                "clones": {PROJECT: {"branch": "", "status": 0, "err": ""}},
                "changes": {PROJECT: [change()]},
            },
            "there are changes: it may not read them",
            "refs/heads/*: Read",
        ),
        (
            {"clones": {PROJECT: {"branch": "main", "status": 128, "err": "fatal: early EOF"}}},
            "git says: fatal: early EOF",
            "",
        ),
        ({"heads": {PROJECT: ended(out="a" * 40 + "\trefs/heads/other\n")}}, "there is no main", "Branches"),
        ({"web": page("3.11.0") | {"ahead": 95.2}}, "Zuul's host is 95 s ahead of Gerrit", "timedatectl"),
        ({"web": page("3.11.0") | {"ahead": -31.0}}, "31 s behind Gerrit", "timedatectl"),
        (
            {"version": ended(255, err="zuul@localhost: Permission denied (publickey).\r\n")},
            "does not let zuul in",
            "SSH keys of the account zuul",
        ),
    ],
)
def test_what_lacks_is_named_as_gerrit_calls_it_with_its_place(
    review_site: Site, other: dict[str, Any], named: str, where: str
) -> None:
    result = judged(review_site, facts() | other)
    assert not result.as_needed
    (line,) = missing(result)
    assert named in line
    assert where in line


def test_a_label_that_lacks_or_is_too_narrow_for_the_sites_votes_is_named(
    review_site: Site, write_review_site: Callable[..., Path]
) -> None:
    found = facts()
    labels = found["pages"][PROJECT]["project"]["data"]["labels"]
    labels["Verified"] = values(-1, 1)
    assert judged(review_site, found).as_needed
    strict = load_site(write_review_site("votes: {check: 1, gate: 2}"))
    (line,) = missing(judged(strict, found))
    assert "Label Verified" in line and "-1..+1" in line and "-2..+2" in line
    assert f"project.config of {PROJECT}" in line
    del labels["Workflow"]
    assert any("Label Workflow" in one and "no such label" in one for one in missing(judged(review_site, found)))


@pytest.mark.parametrize(
    ("ranges", "words"),
    [({"permitted_voting_range": {"min": -1, "max": 1}}, "may give -1..+1"), ({}, "may give nothing")],
)
def test_a_vote_that_gerrit_would_drop_is_named(review_site: Site, ranges: dict[str, Any], words: str) -> None:
    found = facts()
    found["pages"][PROJECT]["change"] = page([{"labels": {"Verified": {"all": [{"username": "zuul", **ranges}]}}}])
    (line,) = missing(judged(review_site, found))
    assert "vote Verified" in line
    assert words in line
    assert f"{PROJECT} → Access → refs/heads/*: Label Verified" in line


def test_another_host_key_than_the_pinned_one_is_shown_beside_it(review_site: Site) -> None:
    found = facts() | {"version": ended(255, err="Host key verification failed.\r\n")}
    found["shown"] = f"[localhost]:29418 ssh-ed25519 {OTHER}\n"
    (line,) = missing(judged(review_site, found))
    assert HostKey("ssh-ed25519", KEY).fingerprint in line
    assert HostKey("ssh-ed25519", OTHER).fingerprint in line
    assert "host_key" in line
    (line,) = missing(judged(review_site, found, keys=(HostKey("ssh-ed25519", OTHER),)))
    assert "the site knows it" in line
    assert "pkgci bootstrap --role zuul" in line


def test_zuul_that_believes_another_key_than_the_site_pins_is_named(review_site: Site) -> None:
    (line,) = missing(judged(review_site, facts(), keys=(HostKey("ssh-ed25519", OTHER),)))
    assert "host key" in line


@pytest.mark.parametrize(
    "words",
    ["ssh: connect to host localhost port 29418: Connection refused", "Operation timed out", "no answer in 40 s"],
)
def test_a_gerrit_that_does_not_answer_is_not_reached(review_site: Site, words: str) -> None:
    result = judged(review_site, facts() | {"version": ended(255, err=f"{words}\r\n")})
    assert not result.reached
    assert words in missing(result)[0]


def test_without_a_web_address_the_clock_is_not_known(review_site: Site) -> None:
    found = facts() | {"web": page(status=0, error="timed out") | {"ahead": None}}
    clock = next(one for one in judged(review_site, found).verdicts if one.subject == "clock")
    assert clock.state is State.NOT_KNOWN
    assert "timed out" in clock.text


@pytest.mark.parametrize(
    ("kind", "words", "makes"),
    [
        ("REBASE_ALWAYS", "Rebase Always", True),
        ("CHERRY_PICK", "Cherry Pick", True),
        ("MERGE_ALWAYS", "Merge Always", False),
    ],
)
def test_a_submit_type_that_makes_a_commit_is_told_as_information(
    review_site: Site, kind: str, words: str, makes: bool
) -> None:
    found = facts()
    found["pages"][PROJECT]["config"] = page({"submit_type": kind})
    result = judged(review_site, found)
    (told,) = [one for one in of(result, State.INFORMATION) if one.subject == "submit type"]
    assert told.text.startswith(words)
    assert ("another" in told.text) is makes
    assert result.as_needed


# With an administrator's look.


def looked(site: Site) -> Any:
    needs = wanted(site, None)
    with opened(site, None, None) as gerrit:
        return GerritServer(gerrit.connection).look(needs.user, needs.group, needs.projects)


def test_an_administrator_leaves_nothing_unknown(deployed: FakeGerrit, review_site: Site) -> None:
    result = judged(review_site, facts(), looked(review_site))
    assert result.proven
    assert of(result, State.NOT_KNOWN) == []
    subjects = {"Submit", "vote Verified", "vote Workflow", "submit requirement Verified", "Service Users"}
    assert subjects <= {one.subject for one in of(result, State.OK)}


def rules(fake: FakeGerrit, permission: str) -> dict[str, Any]:
    found: dict[str, Any] = fake.projects[PROJECT].access["refs/heads/*"]["permissions"][permission]["rules"]
    return found


@pytest.mark.parametrize(
    ("break_it", "named", "where"),
    [
        (lambda f: rules(f, "submit").clear(), "zuul lacks it on main", f"{PROJECT} → Access → refs/heads/*"),
        (
            lambda f: f.allow(PROJECT, "refs/heads/main", "submit", ADMINISTRATORS, exclusive=True),
            "exclusive",
            "Access → refs/heads/main",
        ),
        (
            lambda f: f.allow("All-Projects", "refs/*", "submit", SERVICE_USERS, action="BLOCK"),
            "blocked",
            "All-Projects → Access → refs/*",
        ),
        (lambda f: rules(f, "label-Verified").clear(), "may not give -2..+2 on main", "Label Verified"),
        (lambda f: rules(f, "label-Workflow").clear(), "nobody may give Workflow +1", "Label Workflow"),
        (lambda f: f.members["Service Users"].clear(), "zuul is no member", "Groups → Service Users → Members"),
        (lambda f: f.projects[PROJECT].requirements.clear(), "submitted without Label Verified", "project.config"),
    ],
)
def test_an_administrator_tells_rights_by_project_and_branch(
    deployed: FakeGerrit, review_site: Site, break_it: Callable[[FakeGerrit], None], named: str, where: str
) -> None:
    break_it(deployed)
    lines = missing(judged(review_site, facts(), looked(review_site)))
    assert any(named in line and where in line for line in lines)


def test_a_requirement_that_asks_for_more_than_the_gate_votes_is_named(
    deployed: FakeGerrit, write_review_site: Callable[..., Path]
) -> None:
    site = load_site(write_review_site("votes: {check: 1, gate: 1}"))
    (line,) = missing(judged(site, facts(), looked(site)))
    assert "asks for +2, and the gate votes +1" in line

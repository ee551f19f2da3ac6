"""What the real Gerrit answered, against what pkgci reads of it and what the Gerrit of these tests says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pkgci.model.site import Site
from pkgci.review import live
from pkgci.review.access import GLOBAL, allowed, votes
from pkgci.review.answers import Answer, refusal
from pkgci.review.connection import Connection, Place
from pkgci.review.judge import judge
from pkgci.review.login import as_anybody
from pkgci.review.projects import Seen
from pkgci.review.verdict import State
from pkgci.review.wanted import wanted
from pkgci.review.words import Range
from tests.unit.review.conftest import PROJECT
from tests.unit.review.fake_gerrit import FakeGerrit
from tests.unit.review.host_facts import facts

FOLDER = Path(__file__).parents[2] / "recordings/gerrit-3.11"
REST = [json.loads(line) for line in (FOLDER / "rest.jsonl").read_text().splitlines()]
REAL = "packaging%2Fgreet"


def recorded(request: str, who: str = "admin") -> Any:
    """What the real one said to ``request``."""
    return next(one["json"] for one in REST if one["request"] == f"GET {request}" and one["as"] == who)


def said_to(command: str) -> tuple[str, str]:
    """What a command over SSH printed, and its error output."""
    block = next(one for one in (FOLDER / "ssh.txt").read_text().split("\n\n") if one.startswith(f"$ {command} "))
    out, err = ("\n".join(re.findall(rf"^{kind}: ?(.*)$", block, re.MULTILINE)) for kind in ("out", "err"))
    return out, err


def test_an_account_with_its_keys_groups_and_capabilities_is_read() -> None:
    groups = {live.group_id(one): one["name"] for one in recorded("/accounts/1000001/groups")}
    assert groups["global:Registered-Users"] == "Registered Users"
    assert {"Service Users", "ci-zuul"} <= set(groups.values())
    (key,) = recorded("/accounts/1000001/sshkeys")
    assert live.key_words(key["ssh_public_key"]) == f"ssh-ed25519 {key['encoded_key']}"
    assert recorded("/accounts/1000001/capabilities?q=streamEvents")["streamEvents"] is True


def test_rights_are_read_and_evaluated() -> None:
    own = live.level("packaging/greet", recorded(f"/projects/{REAL}/access"))
    root = live.level("All-Projects", recorded("/projects/All-Projects/access"))
    groups = {live.group_id(one) for one in recorded("/accounts/1000001/groups")}
    line = (own, root)
    assert allowed(line, "read", "refs/heads/main", groups)
    assert allowed(line, "submit", "refs/heads/main", groups)
    assert not allowed(line, "push", "refs/heads/main", groups)
    assert not allowed(line, "read", "refs/meta/config", groups)
    assert votes(line, "Verified", "refs/heads/main", groups) == Range(-2, 2)
    assert votes(line, "Code-Review", "refs/heads/main", groups) == Range(-1, 1)
    assert allowed((root,), "streamEvents", GLOBAL, groups)


def test_labels_and_requirements_are_read() -> None:
    verified, workflow = (live.label(one, "packaging/greet") for one in recorded(f"/projects/{REAL}/labels/"))
    assert (verified.name, verified.votes, verified.requires) == ("Verified", Range(-2, 2), False)
    assert (workflow.name, workflow.votes) == ("Workflow", Range(-1, 1))
    (review,) = (live.label(one, "All-Projects") for one in recorded("/projects/All-Projects/labels/"))
    assert (review.votes, review.requires, review.can_override) == (Range(-2, 2), True, True)
    found = [live.requirement(one, "p") for one in recorded(f"/projects/{REAL}/submit_requirements/")]
    assert sorted(one.expression for one in found) == [
        f"label:{name}=MAX AND -label:{name}=MIN" for name in ("Verified", "Workflow")
    ]
    assert all(one.overridable for one in found)


def test_what_nobody_in_particular_sees_tells_labels_votes_and_the_submit_type(review_site: Site) -> None:
    found = facts()
    change = next(one["json"] for one in REST if one["request"].startswith("GET /changes/"))
    pages = {"project": f"/projects/{REAL}", "config": f"/projects/{REAL}/config"}
    found["pages"][PROJECT] = {
        **{which: {"status": 200, "error": "", "data": recorded(path, "nobody")} for which, path in pages.items()},
        "change": {"status": 200, "error": "", "data": change},
    }
    result = judge(review_site, wanted(review_site, None), found, (), Seen(None, found["pages"]))
    told = {one.subject: (one.state, one.text) for one in result.verdicts}
    assert told["Label Verified"] == (State.OK, "it has -2..+2")
    assert told["vote Verified"] == (State.OK, "zuul may give -2..+2")
    assert told["submit type"] == (State.INFORMATION, "Merge if Necessary")


def test_an_account_without_stream_events_is_refused_in_the_words_that_are_judged(review_site: Site) -> None:
    _, err = said_to("gerrit stream-events")
    found = facts() | {"stream": {"status": 1, "err": err}}
    result = judge(review_site, wanted(review_site, None), found, (), Seen(None, found["pages"]))
    assert [one.subject for one in result.verdicts if one.state is State.MISSING] == ["Stream Events"]
    assert said_to("gerrit version")[0] == "gerrit version 3.11.0-SNAPSHOT"
    assert "packaging/greet" in said_to("gerrit ls-projects")[0].splitlines()


@pytest.mark.parametrize("one", [one for one in REST if "text" in one], ids=lambda one: f"{one['as']}-{one['request']}")
def test_every_refusal_of_the_real_one_is_understood(one: dict[str, Any]) -> None:
    answer = Answer(one["status"], {"content-type": one["type"]}, (), one["text"])
    error = refusal(answer, "https://review.example.org", one["request"].split()[1], "show it")
    assert error is not None
    assert answer.says_not_found
    assert one["text"].strip() in error.message


# The Gerrit of these tests.

# It has no changes.
HAS = [one for one in REST if "/changes/" not in one["request"]]


@pytest.mark.parametrize("one", HAS, ids=lambda one: f"{one['as']}-{one['request']}")
def test_the_gerrit_of_these_tests_answers_as_the_real_one(deployed: FakeGerrit, one: dict[str, Any]) -> None:
    path = one["request"].split()[1].replace(REAL, "packaging%2Fhello")
    with Connection(Place(deployed.url)) as link:
        if one["as"] == "admin":
            as_anybody(link, "admin")
        answer = link.ask("GET", path)
    assert answer.status == one["status"]
    assert answer.is_json is ("json" in one)
    if "json" in one:
        differs = strange(answer.data(deployed.url, "x"), one["json"])
        assert differs == []


# What has names of the site as its keys: one of them stands for all.
NAMED = {"local", "permissions", "rules", "values", "labels"}


def strange(made: Any, real: Any, where: str = "") -> list[str]:
    """What the one of the tests says that the real one does not."""
    if isinstance(made, dict) and isinstance(real, dict):
        named = where.rpartition(".")[2] in NAMED
        found = [] if named else [f"{where}.{key}" for key in made if key not in real]
        for key, value in made.items():
            if key in real or (named and real):
                found += strange(value, real.get(key, next(iter(real.values()))), f"{where}.{key}")
        return found
    if isinstance(made, list) and isinstance(real, list):
        return [one for value in made for one in strange(value, real[0], where)] if real else []
    return [] if type(made) is type(real) else [f"{where}: {type(made).__name__}, not {type(real).__name__}"]

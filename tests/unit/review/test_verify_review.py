"""``pkgci verify-review``, as its users run it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import pytest

from pkgci.cli import verify_review
from pkgci.cli.changes import told_doubt
from pkgci.cli.main import run
from pkgci.model.site import Site
from pkgci.remote import session
from pkgci.review import asking
from tests.unit.review.conftest import PROJECT
from tests.unit.review.fake_gerrit import FakeGerrit
from tests.unit.review.host_facts import change, closed, ended, facts


class Session:
    """Zuul's host, whose program has told ``facts``."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    told = facts()

    @contextmanager
    def open_session(*_: object) -> Iterator[Session]:
        yield Session(told)

    monkeypatch.setattr(session, "open_session", open_session)
    monkeypatch.setattr(asking, "ask", lambda opened, site: opened.told)
    return told


def test_all_as_needed_exits_0_and_sums_up(
    host: dict[str, Any], deployed: FakeGerrit, review_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify-review", "--site", str(review_site.path)]) == 0
    out = capsys.readouterr().out
    assert f"ok           Submit ({PROJECT}): zuul has it on every branch" in out
    assert "0 not known, 0 missing" in out.splitlines()[-1]
    assert deployed.writes() == []


def test_what_decides_and_is_not_known_is_named_in_the_last_line_which_is_not_shown_as_good(
    host: dict[str, Any],
    fake: FakeGerrit,
    review_site: Site,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake.become_anybody = False
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    command = ["verify-review", "--site", str(review_site.path)]
    host |= closed(change(1, ("Verified", 2, "zuul"), ("SUBM", 1, "zuul")))
    assert run(command) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert "0 missing; NOT PROVEN: Label Verified, vote Verified, Label Workflow, vote Workflow (" in last
    assert "PKGCI_GERRIT_PASSWORD" in last
    assert "33m" in last and "32m" not in last
    assert run([*command, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["as_needed"], data["proven"]) == (True, False)
    votes = (("Verified", 2, "zuul"), ("Verified", -1, "zuul"), ("Workflow", 1, "bob"), ("SUBM", 1, "zuul"))
    host |= closed(change(1, *votes))
    assert run(command) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert "PROVEN" not in last and "32m" in last


def test_deploy_is_told_what_is_not_proven(
    host: dict[str, Any], fake: FakeGerrit, review_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.become_anybody = False
    with click.Context(verify_review.command) as context:
        context.invoke(verify_review.command, site_file=review_site.path, as_json=False, accept_new_host_keys=False)
        assert (told_doubt(context) or "").startswith("Gerrit is NOT PROVEN: vote Workflow, Submit (")


def test_something_missing_exits_1_and_says_where_it_is_set(
    host: dict[str, Any], fake: FakeGerrit, review_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.become_anybody = False
    host["stream"] = {"status": 1, "err": "stream events not permitted"}
    assert run(["verify-review", "--site", str(review_site.path)]) == 1
    out = capsys.readouterr().out
    assert "missing      Stream Events: zuul lacks this global capability" in out
    assert "→ BROWSE → Repositories → All-Projects → Access → Global Capabilities" in out
    assert "not known    Submit" in out


def test_what_zuuls_host_cannot_see_of_the_web_address_is_looked_at_from_here(
    host: dict[str, Any], deployed: FakeGerrit, review_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed.become_anybody = False
    host["pages"] = {}
    assert run(["verify-review", "--site", str(review_site.path)]) == 0
    out = capsys.readouterr().out
    assert f"information  submit type ({PROJECT}): Merge if Necessary" in out
    deployed.wrong = lambda handler: handler.raw(404, "Not found")
    assert run(["verify-review", "--site", str(review_site.path)]) == 0
    out = capsys.readouterr().out
    assert f"not known    submit type ({PROJECT}): anonymous users may not read it" in out


def test_nothing_that_answers_exits_3(host: dict[str, Any], fake: FakeGerrit, review_site: Site) -> None:
    host["version"] = ended(255, err="ssh: connect to host localhost port 29418: Connection refused")
    assert run(["verify-review", "--site", str(review_site.path)]) == 3


def test_machines_get_every_verdict(
    host: dict[str, Any], fake: FakeGerrit, review_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.become_anybody = False
    assert run(["verify-review", "--site", str(review_site.path), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["as_needed"], data["host"]) == (True, "zuul01")
    assert {"subject": "Submit", "of": PROJECT, "state": "not known"}.items() <= {
        key: value for one in data["verdicts"] if one["subject"] == "Submit" for key, value in one.items()
    }.items()


def test_a_password_that_gerrit_does_not_take_is_told_and_the_rest_goes_on(
    host: dict[str, Any],
    fake: FakeGerrit,
    review_site: Site,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PKGCI_GERRIT_PASSWORD", "not-the-right-one")
    assert run(["verify-review", "--site", str(review_site.path)]) == 0
    captured = capsys.readouterr()
    assert "refuses the login" in captured.err
    assert "not-the-right-one" not in captured.out + captured.err
    assert "not known    Submit" in captured.out


def test_what_is_missing_is_a_failure_in_the_junit_report_as_of_the_other_verify_commands(
    host: dict[str, Any], fake: FakeGerrit, review_site: Site, tmp_path: Path
) -> None:
    report = tmp_path / "review.xml"
    fake.become_anybody = False
    for failures in (0, 1):
        assert run(["verify-review", "--site", str(review_site.path), "--junit", str(report)]) == failures
        suite = ElementTree.parse(report).getroot()[0]
        assert (suite.get("failures"), int(suite.get("tests") or 0) > 5) == (str(failures), True)
        host["stream"] = {"status": 1, "err": "stream events not permitted"}


def test_the_junit_report_may_be_all_that_is_printed_and_no_file_is_made_for_it(
    host: dict[str, Any], fake: FakeGerrit, review_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["verify-review", "--site", str(review_site.path), "--junit", "-"]
    assert run(command) == 0
    assert ElementTree.fromstring(capsys.readouterr().out.encode()).tag == "testsuites"
    assert run([*command, "--json"]) == 2
    assert "cannot be combined" in capsys.readouterr().err

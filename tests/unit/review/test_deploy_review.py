"""``pkgci deploy-review``, as its users run it."""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from pkgci.cli.deploy_plan import expected
from pkgci.cli.main import run
from pkgci.deploy.items import ITEMS
from pkgci.model.site import Site
from pkgci.review.connection import Connection
from tests.unit.conftest import SITE
from tests.unit.review.conftest import PROJECT
from tests.unit.review.fake_gerrit import PASSWORD, FakeGerrit
from tests.unit.review.fake_gerrit_rest import Handler

Capture = pytest.CaptureFixture[str]


def deploy_review(site: Site | Path, *arguments: str) -> int:
    return run(["deploy-review", "--site", str(site if isinstance(site, Path) else site.path), *arguments])


def test_a_plan_shows_a_difference_in_gerrits_words_and_places_and_does_nothing(
    review_site: Site, fake: FakeGerrit, capsys: Capture
) -> None:
    assert deploy_review(review_site, "--plan") == 1
    captured = capsys.readouterr()
    assert f"BROWSE → Repositories → {PROJECT} → Access → refs/heads/*" in captured.out
    assert '+ [access "refs/heads/*"] submit = group ci-zuul' in captured.out
    assert "11 changes to make" in captured.out.splitlines()[-1]
    assert fake.writes() == []


def test_a_plan_with_nothing_to_do_exits_0(deployed: FakeGerrit, review_site: Site, capsys: Capture) -> None:
    assert deploy_review(review_site, "--plan") == 0
    assert "has all that the CI needs" in capsys.readouterr().out


def test_a_gerrit_that_lets_everybody_be_anybody_is_told_of(review_site: Site, capsys: Capture) -> None:
    deploy_review(review_site, "--plan")
    assert "lets anyone log in as anyone" in capsys.readouterr().err


def test_machines_get_the_plan_and_what_was_done_of_it(review_site: Site, fake: FakeGerrit, capsys: Capture) -> None:
    assert deploy_review(review_site, "--plan", "--json") == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["as_declared"], data["done"], data["version"]) == (False, [], "3.11.0")
    assert data["changes"][0]["what"] == "create the account zuul"
    assert deploy_review(review_site, "--yes", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["done"]) == len(data["changes"])


def test_without_a_yes_nothing_is_done(review_site: Site, fake: FakeGerrit, capsys: Capture) -> None:
    assert deploy_review(review_site) == 2
    assert "--yes" in capsys.readouterr().err
    assert deploy_review(review_site, "--json") == 2
    assert fake.writes() == []


@pytest.mark.parametrize(("answer", "status"), [(True, 0), (False, 4)])
def test_on_a_terminal_it_asks_first(
    review_site: Site, fake: FakeGerrit, monkeypatch: pytest.MonkeyPatch, answer: bool, status: int
) -> None:
    questions: list[str] = []

    ports: list[int] = []

    def confirm(text: str, err: bool) -> bool:
        questions.append(text)
        return answer

    def note(handler: Handler) -> bool:
        ports.append(handler.client_address[1])
        return False

    fake.wrong = note
    for stream in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "confirm", confirm)
    assert deploy_review(review_site) == status
    assert bool(fake.writes()) is answer
    assert "11 changes" in questions[0]
    # A web server ends a connection that idles: what follows the answer has one of its own.
    assert len(set(ports)) == (2 if answer else 1)


def test_a_refusal_in_the_middle_is_told_and_the_next_run_does_the_rest(
    review_site: Site, fake: FakeGerrit, capsys: Capture
) -> None:
    def refuse(handler: Handler) -> bool:
        return handler.command == "POST" and "/access" in handler.path and handler.raw(409, "lock failure")

    fake.wrong = refuse
    assert deploy_review(review_site, "--yes") == 1
    err = capsys.readouterr().err
    assert "lock failure" in err
    assert "8 of 11 changes made" in err
    assert "give Submit" in err
    before = len(fake.writes())
    fake.wrong = lambda _: False
    assert deploy_review(review_site, "--yes") == 0
    assert len(fake.writes()) - before < 11
    assert deploy_review(review_site, "--plan") == 0


@pytest.mark.parametrize("stop", range(11))
def test_wherever_it_breaks_off_the_next_run_completes_it(review_site: Site, fake: FakeGerrit, stop: int) -> None:
    fake.wrong = lambda handler: len(fake.writes()) > stop and handler.command != "GET" and handler.raw(500, "gone")
    assert deploy_review(review_site, "--yes") == 1
    fake.wrong = lambda _: False
    assert deploy_review(review_site, "--yes") == 0
    assert deploy_review(review_site, "--plan") == 0


def test_the_password_comes_from_the_environment_or_a_file_and_is_never_shown(
    review_site: Site, fake: FakeGerrit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    fake.become_anybody = False
    monkeypatch.setenv("PKGCI_GERRIT_PASSWORD", PASSWORD)
    assert deploy_review(review_site, "--plan") == 1
    monkeypatch.delenv("PKGCI_GERRIT_PASSWORD")
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    assert deploy_review(review_site, "--plan", "--password-file", str(file)) == 1
    file.write_text("")
    assert deploy_review(review_site, "--plan", "--password-file", str(file)) == 2
    assert deploy_review(review_site, "--plan", "--password-file", str(tmp_path / "none")) == 2
    captured = capsys.readouterr()
    assert PASSWORD not in captured.out + captured.err
    assert "anyone" not in captured.err


def test_without_a_login_it_fails_alone_and_passes_in_a_deploy_with_what_it_would_need(
    review_site: Site, fake: FakeGerrit, capsys: Capture
) -> None:
    fake.become_anybody = False
    assert deploy_review(review_site, "--yes") == 2
    assert "PKGCI_GERRIT_PASSWORD" in capsys.readouterr().err
    assert deploy_review(review_site, "--yes", "--if-possible") == 0
    captured = capsys.readouterr()
    assert "PKGCI_GERRIT_PASSWORD" in captured.out
    assert captured.err == ""


def test_a_web_address_that_cannot_be_used_from_here_passes_in_a_deploy_unless_a_password_was_given_for_it(
    write_site: Callable[[str], Path], fake: FakeGerrit, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    gone = SITE.replace("{host: review.example.org}", "{host: localhost, url: 'http://127.0.0.1:1'}")
    path = write_site(gone)
    assert deploy_review(path, "--yes") == 3
    capsys.readouterr()
    assert deploy_review(path, "--yes", "--if-possible") == 0
    captured = capsys.readouterr()
    assert "does not answer" in captured.out and "--plan --format text" in captured.out
    monkeypatch.setenv("PKGCI_GERRIT_PASSWORD", PASSWORD)
    assert deploy_review(path, "--yes", "--if-possible") == 3


def test_a_gerrit_with_a_certificate_that_is_not_trusted_here_passes_in_a_deploy_without_a_password(
    review_site: Site, fake: FakeGerrit, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def untrusted(_: Connection) -> None:
        raise ssl.SSLCertVerificationError("self-signed certificate")

    monkeypatch.setattr(ssl.SSLCertVerificationError, "verify_message", "self-signed certificate", raising=False)
    monkeypatch.setattr(Connection, "_opened", untrusted)
    assert deploy_review(review_site, "--yes") == 3
    assert "not valid: self-signed" in capsys.readouterr().err
    assert deploy_review(review_site, "--yes", "--if-possible") == 0
    assert "not valid: self-signed" in capsys.readouterr().out


def test_the_plan_of_a_deploy_says_how_much_is_to_be_made_and_how_much_is_left_to_people(
    review_site: Site, deployed: FakeGerrit
) -> None:
    review = [item for item in ITEMS if item.name == "deploy-review"]
    assert expected(review_site, review)["deploy-review"] == "nothing to do: Gerrit has all that the CI needs"
    deployed.accounts["zuul"]["active"] = False
    assert "1 left to you" in expected(review_site, review)["deploy-review"]


@pytest.mark.parametrize(
    ("site", "words"), [("gerrit: {host: review.example.org}\nlab: {}\n", "stand-in"), ("", "names no Gerrit")]
)
@pytest.mark.parametrize("command", ["deploy-review", "verify-review"])
def test_where_there_is_no_real_gerrit_both_say_so_and_pass(
    write_site: Callable[[str], Path], capsys: Capture, command: str, site: str, words: str
) -> None:
    # Projects need a Gerrit.
    path = write_site(
        SITE.replace("gerrit: {host: review.example.org}\n", site) if site else SITE.partition("gerrit:")[0]
    )
    assert run([command, "--site", str(path)]) == 0
    assert words in capsys.readouterr().out
    assert run([command, "--site", str(path), "--json"]) == 0
    assert words in json.loads(capsys.readouterr().out)["skipped"]


def test_the_text_for_administrators_needs_no_login_and_no_secrets(
    write_site: Callable[[str], Path], capsys: Capture
) -> None:
    path = write_site(SITE)
    assert deploy_review(path, "--plan", "--format", "text") == 0
    assert "pkgci secrets init" in capsys.readouterr().out


@pytest.mark.parametrize("text_format", ["text", "markdown"])
def test_the_text_for_administrators_has_all_that_is_wanted_in_gerrits_words(
    review_site: Site, capsys: Capture, text_format: str
) -> None:
    assert deploy_review(review_site, "--plan", "--format", text_format) == 0
    text = capsys.readouterr().out
    for words in (
        "gerrit create-account --full-name Zuul --group \"'Service Users'\" --ssh-key - zuul",
        "ssh-ed25519 AAAA",
        "BROWSE → Repositories → All-Projects → Access → Global Capabilities → Stream Events",
        "streamEvents = group ci-zuul",
        'access "refs/heads/*"',
        "submit = group ci-zuul",
        "label-Verified = -2..+2 group ci-zuul",
        "label-Workflow = -1..+1 group Registered Users",
        'label "Verified"',
        "value = +2 ",
        'submit-requirement "Verified"',
        "submittableIf = label:Verified=MAX AND -label:Verified=MIN",
        f"gerrit create-project {PROJECT} --empty-commit --branch main",
        "pkgci verify-review",
    ):
        assert words in text
    assert ("```" in text) is (text_format == "markdown")


def test_the_text_is_a_plan_for_people(review_site: Site, capsys: Capture) -> None:
    assert deploy_review(review_site, "--format", "text") == 2
    assert deploy_review(review_site, "--plan", "--format", "text", "--json") == 2

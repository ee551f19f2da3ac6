"""How jenkins-apply talks to Jenkins: as an administrator, with a crumb of its session, and with patience."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jenkins_apply import web
from jenkins_apply.settings import Account, ApplyError, Settings
from jenkins_apply.web import DownError
from jenkins_apply.web import Jenkins as Client

from tests.unit.jobs.fake_jenkins import FakeJenkins, Handler, serving


@pytest.fixture
def fake() -> Iterator[FakeJenkins]:
    with serving(FakeJenkins()) as server:
        yield server


@pytest.fixture
def client(fake: FakeJenkins, tmp_path: Path) -> Client:
    (tmp_path / "password").write_text("right\n")
    (tmp_path / "environment").write_text("CASC_RELOAD_TOKEN=t\n")
    paths = dict.fromkeys(("home", "war", "unit", "wanted", "state"), tmp_path)
    account = Account("admin", tmp_path / "password")
    settings = Settings(**paths, installer=(), url=fake.url.rstrip("/"), account=account)
    return Client(settings, lambda seconds: None)


def test_a_session_for_tls_only_is_kept_on_the_host_itself(fake: FakeJenkins, client: Client) -> None:
    heard = []

    def answer(handler: Handler) -> bool:
        heard.append((handler.headers.get("Cookie"), handler.headers.get("Jenkins-Crumb")))
        if "crumbIssuer" in handler.path:
            cookie = ("Set-Cookie", "JSESSIONID.1=s; Path=/jenkins; Secure; HttpOnly")
            return handler.answer(200, json.dumps({"crumbRequestField": "Jenkins-Crumb", "crumb": "c"}), cookie)
        return handler.answer(302, "", ("Location", "https://jenkins01.test/jenkins/"))

    fake.wrong = answer
    client.post("quietDown")
    assert heard == [(None, None), ("JSESSIONID.1=s", "c")]


def test_a_crumb_of_a_session_that_is_gone_is_fetched_again(fake: FakeJenkins, client: Client) -> None:
    asked = []

    def answer(handler: Handler) -> bool:
        asked.append(handler.path)
        if "crumbIssuer" in handler.path:
            return False
        return handler.answer(*((403, "No valid crumb was included in the request") if len(asked) < 3 else (200, "")))

    fake.wrong = answer
    client.post("quietDown")
    crumb = "/jenkins/crumbIssuer/api/json"
    assert asked == [crumb, "/jenkins/quietDown", crumb, "/jenkins/quietDown"]


def test_a_password_that_jenkins_does_not_know_yet_is_as_none(fake: FakeJenkins, client: Client) -> None:
    fake.wrong = lambda handler: "Authorization" in handler.headers and handler.answer(401)
    assert not client.may_change()
    assert client.data("computer/api/json") == {"computer": []}


def test_a_password_is_tried_anew_each_time_it_matters(fake: FakeJenkins, client: Client) -> None:
    fake.wrong = lambda handler: "Authorization" in handler.headers and handler.answer(401)
    assert not client.may_change()
    fake.wrong = lambda handler: handler.path.startswith("/jenkins/me/") and handler.answer(200, "{}")
    assert client.may_change()


def test_without_an_account_nothing_is_tried(fake: FakeJenkins, client: Client) -> None:
    without = Client(replace(client._settings, account=None))
    assert not without.may_change()
    assert fake.requests == []


def test_a_jenkins_that_starts_is_waited_for_and_not_for_ever(
    fake: FakeJenkins, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [503, 503, 200]
    fake.wrong = lambda handler: handler.answer(answers.pop(0) if answers else 503, "")
    assert client.reload() is None
    monkeypatch.setattr(web, "PATIENCE", 0.0)
    assert client.reload() == "503"
    with pytest.raises(DownError, match="503"):
        client.data("computer/api/json")


def test_a_jenkins_that_is_not_there_is_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "PATIENCE", 0.0)
    client.url = "http://127.0.0.1:1/jenkins"
    with pytest.raises(DownError, match=r"does not answer at http://127\.0\.0\.1:1/jenkins/.*: .*refused"):
        client.post("quietDown")


def test_no_error_has_the_token_or_the_password_in_it(
    fake: FakeJenkins, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("hunter2")
    (tmp_path / "environment").write_text("CASC_RELOAD_TOKEN=hunter2\n")
    fake.wrong = lambda handler: handler.answer(403, "no")
    with pytest.raises(ApplyError) as refused:
        client.post("quietDown")
    monkeypatch.setattr(web, "PATIENCE", 0.0)
    client.url = "http://127.0.0.1:1/jenkins"
    with pytest.raises(ApplyError) as down:
        client.reload()
    assert "hunter2" not in f"{refused.value} {down.value}"

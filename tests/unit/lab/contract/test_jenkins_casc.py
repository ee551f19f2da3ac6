"""What a real Jenkins answers to a configuration: the stand-in says the same, and jenkins-apply understands it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.unit.jenkins_apply.parts import Account, ApplyError, Jenkins, Settings, Sources, faults_of
from tests.unit.jobs.fake_jenkins import FakeJenkins, Handler, serving
from tests.unit.lab.jenkins_stand_in import conftest as stand_in

from . import jenkins_side
from .jenkins_side import READER, Recorded, Side, answer, sections

machine, begin, side = stand_in.machine, jenkins_side.begin, jenkins_side.side

CHECK, RELOAD = "casc-check.txt", "casc-reload.txt"
# What was posted for each recorded answer, as far as the answers tell it.
BODIES = {
    "good": "jenkins:\n  numExecutors: 0\n",
    "unknown attribute": "jenkins:\n  noSuchThing: 1\n",
    "unknown root": "nosuchroot: {}\n",
    "wrong type": "jenkins:\n  numExecutors: two\n",
    "YAML syntax error": 'jenkins:\n  systemMessage: "x\n',
    "duplicate key": "jenkins:\n  mode: NORMAL\n  mode: EXCLUSIVE\n",
    "unknown permission": "jenkins:\n  authorizationStrategy:\n    globalMatrix:\n      entries:\n"
    "        - user: {name: x, permissions: [Job/Reed]}\n",
    "unknown launcher": "jenkins:\n  nodes:\n    - permanent: {name: x, remoteFS: /x, launcher: {sshx: {}}}\n",
    "launcher without host": "jenkins:\n  nodes:\n"
    "    - permanent: {name: x, remoteFS: /x, launcher: {ssh: {credentialsId: x}}}\n",
    "node without name": "jenkins:\n  nodes:\n"
    "    - permanent: {remoteFS: /x, launcher: {ssh: {host: x, credentialsId: x}}}\n",
    "credentials bad scope": "credentials:\n  system:\n    domainCredentials:\n"
    "      - credentials: [{string: {scope: WRONG, id: x}}]\n",
    "gearman unclassified": "unclassified:\n  gearmanPluginConfig: {enablePlugin: true, host: x, port: 1}\n",
    "gearman bad key": "unclassified:\n  gearmanPluginConfig: {hosts: x}\n",
    "unresolved variable": "jenkins:\n  systemMessage: '${NOBODY_SET_THIS}'\n",
    "empty body": "",
}


def recorded_check(name: str) -> Recorded:
    """The answer to a check that was sent as YAML: those are the later ones of two with the same name."""
    return answer(CHECK, f"check: {name}", len(sections(CHECK)[f"check: {name}"]) - 1)


@pytest.mark.parametrize("name", BODIES)
def test_check_says_what_the_real_one_said(side: Side, name: str) -> None:
    expected = recorded_check(name)
    said = side.ask("POST", "configuration-as-code/check", data=BODIES[name], kind="application/yaml")
    assert said.status_code == expected.status
    assert said.headers["Content-Type"] == expected.header("Content-Type")[0] == "application/json"
    assert said.json() == json.loads(expected.body)


def test_every_recorded_check_is_held_to(side: Side) -> None:
    named = {title.removeprefix("check: ") for title in sections(CHECK) if title.startswith("check: ")}
    assert named - set(BODIES) == {"two documents/duplicate key"}, "that one was not sent as YAML"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/yaml", "application/json", None])
def test_check_finds_nothing_wrong_with_what_is_not_sent_as_yaml(side: Side, kind: str | None) -> None:
    for title, texts in sections(CHECK).items():
        assert not title.startswith("check") or len(texts) == 1 or answer(CHECK, title).body == "[]"
    said = side.ask("POST", "configuration-as-code/check", data=BODIES["unknown root"], kind=kind)
    assert (said.status_code, said.text) == (200, "[]")


@pytest.mark.parametrize(
    ("title", "method", "path", "login"),
    [
        ("reload by token, good", "POST", "reload-configuration-as-code/?casc-reload-token=token", None),
        ("reload by token, wrong token", "POST", "reload-configuration-as-code/?casc-reload-token=x", None),
        ("reload by GET", "GET", "reload-configuration-as-code/?casc-reload-token=token", None),
        ("POST /configuration-as-code/reload (admin)", "POST", "configuration-as-code/reload", jenkins_side.ADMIN),
        ("POST /configuration-as-code/reload (reader)", "POST", "configuration-as-code/reload", READER),
    ],
)
def test_who_may_reload_and_how_is_answered_alike(
    side: Side, title: str, method: str, path: str, login: tuple[str, str] | None
) -> None:
    expected, said = answer(CHECK, title), side.ask(method, path, login)
    assert (said.status_code, said.reason) == (expected.status, expected.reason)
    assert expected.header("Location") in ([], [said.headers.get("Location")])


def wrong(document: dict[str, Any], title: str) -> dict[str, Any] | str:
    """What was in the file for a recorded reload."""
    document = copy.deepcopy(document)
    if title == "reload: good change (message)":
        document["jenkins"]["systemMessage"] = "changed"
    elif title.startswith("reload: unknown attribute"):
        document["jenkins"] |= {"systemMessage": "not this one", "noSuchThing": 1}
    elif title == "reload: unknown permission":
        document["jenkins"]["authorizationStrategy"]["globalMatrix"]["entries"][0]["user"]["permissions"] = ["Job/Reed"]
    elif title == "reload: YAML syntax":
        return 'jenkins:\n  systemMessage: "x\n'
    elif title == "reload: node removed from YAML":
        document["jenkins"]["nodes"] = []
    return document


@pytest.mark.parametrize("title", [title for title in sections(RELOAD) if title.startswith("reload: ")])
def test_a_reload_by_token_is_answered_alike_and_what_is_refused_changes_nothing(side: Side, title: str) -> None:
    expected = answer(RELOAD, title)
    side.write(wrong(side.document, title))
    said = side.reload()
    assert (said.status_code, said.reason) == (expected.status, expected.reason)
    first = expected.body.strip().splitlines()[0]
    if first.startswith('{"status"'):
        # The recording may be cut, and the line in the file is another one.
        message = first.partition('"message":"')[2].split(" …")[0].split("\\n  at ")[0].removesuffix('"}')
        assert said.json()["status"] == "error"
        assert json.dumps(said.json()["message"])[1:].startswith(message)
        place = first.partition("  at jenkins.yaml:")[2]
        assert not place or "\n  at jenkins.yaml:" in said.json()["message"]
    elif expected.status == 200:
        assert said.text == ""
    else:
        assert "Oops!" in said.text and "A problem occurred while processing the request" in said.text
        assert "Logging ID=" in said.text
    message, _, nodes = expected.body.strip().splitlines()[-1].partition(" / ")
    assert list(side.controller.agents) == ([] if nodes == "[]" else ["agent1"])
    # What was refused, left what was there before: here that is the first message.
    taken = expected.status == 200 and not first.startswith('{"status"')
    assert side.controller.configuration.message == (message if taken else "hello from casc")


def test_a_reload_by_the_api_with_a_fault_ends_in_the_page_that_was_recorded(side: Side) -> None:
    expected = answer(RELOAD, "reload by API: /configuration-as-code/reload with a fault")
    side.write({"nosuchroot": {}})
    said = side.ask("POST", "configuration-as-code/reload")
    assert (said.status_code, said.reason) == (expected.status, expected.reason)
    assert "Oops!" in said.text and "Logging ID=" in said.text


# jenkins-apply, held to the recordings themselves.


@dataclass
class Played:
    """A Jenkins that gives recorded answers; ``asked`` is what it got: path, type and body."""

    jenkins: Jenkins
    answers: list[Recorded] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    fake, found = FakeJenkins(), Played.__new__(Played)

    def reply(handler: Handler) -> bool:
        if "crumbIssuer" in handler.path:
            return False
        found.asked.append((handler.path.partition("?")[0], handler.headers.get("Content-Type", "")))
        one = found.answers.pop(0)
        return handler.answer(one.status, one.body)

    fake.wrong = reply
    (tmp_path / "environment").write_text("CASC_RELOAD_TOKEN=t\n")
    (tmp_path / "password").write_text("p")
    with serving(fake) as server:
        paths = dict.fromkeys(("home", "war", "unit", "wanted", "state"), tmp_path)
        url = server.url.rstrip("/")
        settings = Settings(**paths, installer=(), url=url, account=Account("admin", tmp_path / "password"))
        found.__init__(Jenkins(settings, lambda seconds: None))  # type: ignore[misc]
        yield found


def reload_part(title: str) -> Recorded:
    """A recorded reload's own answer, without what was asked after it."""
    whole = answer(RELOAD, title)
    first = whole.body.strip().splitlines()[0]
    body = first if first.startswith('{"status"') or whole.status != 200 else ""
    return Recorded(whole.status, whole.reason, whole.headers, body)


@pytest.mark.parametrize("title", [title for title in sections(RELOAD) if title.startswith("reload: ")])
def test_jenkins_apply_takes_a_reload_for_what_it_was(played: Played, title: str) -> None:
    played.answers = [reload_part(title)]
    refused = played.jenkins.reload()
    expected = {
        "reload: unknown permission": "Failed to reload configuration: authorizationStrategy: Failed to configure",
        "reload: YAML syntax": "500: Jenkins - Jenkins Skip to content Oops! A problem occurred while processing",
    }
    if title.startswith("reload: unknown attribute"):
        assert refused is not None and "Invalid configuration elements for type: class jenkins.model" in refused
    elif title in expected:
        assert refused is not None and refused.startswith(expected[title])
    else:
        assert refused is None


def test_jenkins_apply_sees_a_token_that_jenkins_does_not_take(played: Played) -> None:
    played.answers = [answer(CHECK, "reload by token, wrong token")]
    assert played.jenkins.reload() == "401"


@pytest.mark.parametrize("name", BODIES)
def test_jenkins_apply_asks_as_the_real_one_wants_it_and_hears_what_it_says(played: Played, name: str) -> None:
    expected = recorded_check(name)
    played.answers = [expected]
    assert played.jenkins.check(BODIES[name]) == [fault["message"] for fault in json.loads(expected.body)]
    assert played.asked == [("/jenkins/configuration-as-code/check", "application/yaml")]


def test_what_the_real_check_passed_over_is_what_jenkins_apply_finds(tmp_path: Path) -> None:
    passed_over = [name for name in BODIES if name not in ("good", "gearman unclassified", "empty body")]
    passed_over = [name for name in passed_over if recorded_check(name).body == "[]"]
    assert len(passed_over) == 5
    for name in passed_over:
        (tmp_path / "a.yaml").write_text(BODIES[name])
        assert faults_of(tmp_path, Sources()), name


def test_a_cut_answer_is_no_consent(played: Played) -> None:
    played.answers = [Recorded(200, "OK", (), "<html>a proxy's page</html>")]
    assert played.jenkins.reload() is not None
    played.answers = [Recorded(400, "Bad Request", (), "[{")]
    assert played.jenkins.check("a: 1\n") != []
    played.answers = [Recorded(403, "Forbidden", (), "")]
    with pytest.raises(ApplyError, match="403"):
        played.jenkins.post("quietDown")

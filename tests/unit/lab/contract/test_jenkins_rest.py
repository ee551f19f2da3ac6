"""What a real Jenkins answers to those who log in and to those who deploy jobs: the stand-in says the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from pkgci.jobs.answers import Door, fault, words
from pkgci.jobs.plan import same
from pkgci.jobs.render import render_jobs
from pkgci.lab.stand_ins.jenkins.program.jobs.normal import as_posted, as_saved
from pkgci.model.load import load_site
from tests.unit.lab.jenkins_stand_in import conftest as stand_in

from . import jenkins_side
from .jenkins_side import ADMIN, READER, VERSION, Side, answer, sections

machine, begin, side = stand_in.machine, jenkins_side.begin, jenkins_side.side

AUTH, REST = "auth.txt", "rest.txt"
XML = "text/xml"
EXAMPLE = Path(__file__).parents[4] / "examples/lab/site.yaml"
_RIGHT_AFTER = "GET config.xml right after createItem"
_SAVED = "after POST disable + enable (Jenkins saves the job itself)"


def posted() -> str:
    """The config.xml that was posted: what came back, with a declaration of its own."""
    kept = answer(REST, _RIGHT_AFTER).body
    return kept.replace('<?xml version="1.0" encoding="UTF-8"?>', "<?xml version='1.1' encoding='UTF-8'?>\n") + "\n"


def simple(text: str) -> str:
    """Text as it got into the recording: letters beyond ASCII became a space."""
    return " ".join("".join(letter if letter.isascii() else " " for letter in text).split())


@pytest.fixture
def job(side: Side) -> Side:
    """The stand-in with the recorded job."""
    assert side.ask("POST", "createItem?name=rest-a", data=posted(), kind=XML).status_code == 200
    return side


@pytest.mark.parametrize(
    ("title", "name", "data", "kind"),
    [
        ("createItem", "new", posted(), XML),
        ("createItem again (name taken)", "rest-a", posted(), XML),
        ("createItem bad name", "bad%3Fname", posted(), XML),
        ("createItem no content type", "new", posted(), None),
        ("createItem broken XML", "new", "<project>", XML),
        ("createItem unknown root", "new", "<nosuch/>", XML),
    ],
)
def test_a_job_that_is_made_or_refused_is_answered_alike(
    job: Side, title: str, name: str, data: str, kind: str | None
) -> None:
    expected, said = answer(REST, title), job.ask("POST", f"createItem?name={name}", data=data, kind=kind)
    assert (said.status_code, said.reason) == (expected.status, expected.reason)
    assert [simple(said.headers.get("X-Error", ""))] == [simple(text) for text in expected.header("X-Error") or [""]]
    assert expected.header("Content-Length") in ([], [said.headers["Content-Length"]])
    if expected.status == 500:
        assert "Oops!" in said.text and '<div id="error-description">' in said.text
        assert "A problem occurred while processing the request" in said.text


def test_a_config_comes_back_as_it_was_posted_but_for_its_declaration(job: Side) -> None:
    expected, said = answer(REST, _RIGHT_AFTER), job.ask("GET", "job/rest-a/config.xml")
    assert said.headers["Content-Type"] == expected.header("Content-Type")[0]
    assert said.text == expected.body
    assert said.headers["Content-Length"] == expected.header("Content-Length")[0]


def test_a_job_that_jenkins_saved_itself_is_written_anew(job: Side) -> None:
    text = sections(REST)[_SAVED][0]
    saved = text[text.index("<?xml") : text.index("\n[HTTP 200]")]
    for what in ("disable", "enable"):
        said = job.ask("POST", f"job/rest-a/{what}")
        assert (said.status_code, said.headers["Location"]) == (302, f"{job.url}job/rest-a/")
    assert "[HTTP 302] http://127.0.0.1:8899/job/rest-a/\n" in text
    assert job.ask("GET", "job/rest-a/config.xml").text == saved
    # Posted again, it is as it was posted again.
    again = job.ask("POST", "job/rest-a/config.xml", data=posted(), kind=XML)
    status, _, beginning = sections(REST)["POST config.xml"][0].strip().partition("\n")
    assert (f"[HTTP {again.status_code}]", again.text) == (status.strip(), "")
    assert job.ask("GET", "job/rest-a/config.xml").text.startswith(beginning.strip())


def test_pkgci_takes_a_job_that_jenkins_saved_for_the_same_but_for_what_is_gone() -> None:
    text = sections(REST)[_SAVED][0]
    saved = text[text.index("<?xml") : text.index("\n[HTTP 200]")]
    unknown = re.compile(r"\s*<no\.such\.plugin\.Thing.*?</no\.such\.plugin\.Thing>", re.DOTALL)
    assert same("rest-a", saved, unknown.sub("", answer(REST, _RIGHT_AFTER).body))


def test_a_job_of_pkgcis_that_jenkins_saves_itself_is_no_change() -> None:
    plugins = {"ansicolor", "build-timeout", "envinject", "timestamper", "ws-cleanup"}
    for job in render_jobs(load_site(EXAMPLE)):
        saved = as_saved(as_posted(job.xml.encode()), plugins)
        assert same(job.name, job.xml, saved.decode()), job.name


def test_a_broken_change_is_the_page_that_was_recorded(job: Side) -> None:
    expected = answer(REST, "POST broken config.xml")
    said = job.ask("POST", "job/rest-a/config.xml", data="<project>", kind=XML)
    assert (said.status_code, said.reason) == (expected.status, expected.reason)


def keys(data: Any) -> Any:
    """The form of a JSON document: names and types, without values."""
    if isinstance(data, dict):
        return {name: keys(value) for name, value in data.items()}
    return [keys(data[0])] if isinstance(data, list) and data else type(data).__name__


def test_a_jobs_data_has_what_the_real_one_has(job: Side) -> None:
    text = sections(REST)["api/json"][0]
    expected = json.loads(text[: text.rindex("[HTTP")])
    said = job.ask("GET", "job/rest-a/api/json").json()
    assert set(said) - set(expected) == {"allBuilds"}, "the real one has it for those who name it in tree="
    for name, value in expected.items():
        if name == "actions":
            # The others are of plugins, and say nothing.
            assert keys(said[name][0]) == keys(value[0])
        elif name == "url":
            assert said[name].endswith("/job/rest-a/")
        else:
            assert said[name] == value, name


def test_the_list_of_jobs_has_the_recorded_form(job: Side) -> None:
    text = sections(REST)["api/json tree"][0]
    expected = json.loads(text[: text.index("\n")])
    said = job.ask("GET", "api/json?tree=jobs[name,url,color]").json()
    assert keys(said) == keys(expected)
    assert said["jobs"][0] | {"url": ""} == expected["jobs"][1] | {"url": ""}


def test_a_deleted_job_leads_home_and_is_not_found(job: Side) -> None:
    text = sections(REST)["doDelete"][0]
    assert "Not Found - Jenkins" in text and text.rstrip().endswith("[HTTP 404]")
    gone = job.ask("POST", "job/rest-a/doDelete")
    assert (gone.status_code, gone.headers["Location"]) == (302, job.url)
    page = job.ask("GET", "job/rest-a/config.xml")
    assert page.status_code == 404 and "Not Found" in page.text


# Who asks.


def test_a_crumb_comes_in_both_forms_and_belongs_to_its_session(side: Side) -> None:
    expected = json.loads(sections(AUTH)["crumbIssuer, basic auth"][0])
    said = side.ask("GET", "crumbIssuer/api/json").json()
    assert keys(said) == keys(expected)
    assert {**said, "crumb": ""} == {**expected, "crumb": ""}
    assert len(said["crumb"]) == len(expected["crumb"])
    text = sections(AUTH)["crumbIssuer xml xpath (the common form)"][0].strip()
    line = side.ask("GET", 'crumbIssuer/api/xml?xpath=concat(//crumbRequestField,":",//crumb)').text
    assert re.fullmatch(r"Jenkins-Crumb:[0-9a-f]{64}", line) and re.fullmatch(r"Jenkins-Crumb:[0-9a-f]{64}", text)
    url = f"{side.url}quietDown"
    status = sections(AUTH)["POST without crumb"][0].strip()
    assert requests.post(url, auth=ADMIN, timeout=10).status_code == int(status)
    status, reason = sections(AUTH)["POST with crumb but without the session cookie"][0].strip().splitlines()
    headers = {said["crumbRequestField"]: said["crumb"]}
    refused = requests.post(url, auth=ADMIN, headers=headers, timeout=10)
    assert refused.status_code == int(status) and reason in refused.text


def test_an_api_token_needs_no_crumb(job: Side) -> None:
    text = sections(AUTH)["api token"][0]
    expected = json.loads(text.splitlines()[0])
    path = "me/descriptorByName/jenkins.security.ApiTokenProperty/generateNewToken"
    said = job.ask("POST", path, data={"newTokenName": "t1"}).json()
    assert keys(said) == keys(expected) and said["data"]["tokenName"] == "t1"
    plain = re.sub(r"(?s)<hudson.model.ParametersDefinitionProperty>.*?</hudson.*Property>", "", posted())
    assert job.ask("POST", "createItem?name=plain", data=plain, kind=XML).status_code == 200
    recorded = answer(AUTH, "POST with API token, no crumb")
    login = ("admin", said["data"]["tokenValue"])
    begun = requests.post(f"{job.url}job/plain/build", auth=login, timeout=10, allow_redirects=False)
    assert (begun.status_code, begun.reason) == (recorded.status, recorded.reason)
    assert re.fullmatch(r"http://127.0.0.1:\d+/queue/item/\d+/", begun.headers["Location"])
    assert re.fullmatch(r"http://127.0.0.1:\d+/queue/item/\d+/", recorded.header("Location")[0])
    refused = answer(AUTH, "POST /build on a parameterised job")
    assert job.ask("POST", "job/rest-a/build").status_code == refused.status


def test_nobody_is_sent_to_log_in(side: Side) -> None:
    expected = answer(AUTH, "anonymous GET /api/json")
    said = requests.get(f"{side.url}api/json", timeout=10)
    assert (said.status_code, said.reason) == (expected.status, expected.reason)
    assert said.headers["X-Jenkins"] == expected.header("X-Jenkins")[0] == VERSION
    assert said.headers["Content-Type"].lower() == expected.header("Content-Type")[0]
    for text in (said.text, expected.body):
        assert re.search(r"http-equiv=['\"]refresh['\"] content=['\"]1;url=/login\?from=%2Fapi%2Fjson['\"]", text)
        assert "Authentication required" in text
    assert "X-Required-Permission" not in said.headers


def test_a_wrong_password_is_asked_for_again(side: Side) -> None:
    expected = answer(AUTH, "wrong password")
    said = side.ask("GET", "api/json", ("admin", "wrong"))
    assert (said.status_code, said.reason) == (expected.status, expected.reason)
    assert said.headers["WWW-Authenticate"] == expected.header("WWW-Authenticate")[0]


@pytest.mark.parametrize(
    ("title", "ask"),
    [
        (
            "reader: GET config.xml (no Job/Configure or ExtendedRead)",
            lambda side: side.ask("GET", "job/rest-a/config.xml", READER),
        ),
        ("reader: createItem", lambda side: side.ask("POST", "createItem?name=x", READER, posted(), XML)),
    ],
)
def test_what_a_user_may_not_is_named_as_the_real_one_names_it(
    job: Side, title: str, ask: Callable[[Side], requests.Response]
) -> None:
    expected, said = answer(AUTH, title), ask(job)
    assert (said.status_code, said.reason) == (expected.status, expected.reason)
    for name in ("X-You-Are-Authenticated-As", "X-You-Are-In-Group-Disabled", "X-Required-Permission"):
        assert said.headers[name] == expected.header(name)[0]
    # requests joins a header that comes several times.
    assert said.headers["X-Permission-Implied-By"].split(", ") == expected.header("X-Permission-Implied-By")
    assert "may not" in str(fault(said, Door(job.url, "reader")))


def test_a_reader_sees_the_nodes(side: Side) -> None:
    expected = answer(AUTH, "reader: /computer/api/json")
    said = side.ask("GET", "computer/api/json?tree=computer[displayName,offline]", READER)
    assert said.json() == json.loads(expected.body)


def test_pkgci_finds_jenkins_own_words_in_what_it_refuses() -> None:
    for title in ("createItem again (name taken)", "createItem bad name", "createItem no content type"):
        recorded = answer(REST, title)
        response = requests.Response()
        response.status_code, response._content = recorded.status, recorded.body.encode()
        response.headers.update(dict(recorded.headers))
        assert words(response) == " ".join(recorded.header("X-Error")[0].split())


@pytest.mark.parametrize("file", [AUTH, REST])
def test_no_recorded_answer_is_left_out(file: str) -> None:
    source = Path(__file__).read_text()
    assert [title for title in sections(file) if f'"{title}"' not in source] == []

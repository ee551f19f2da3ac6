"""What pkgci makes of a login that Jenkins refuses: as recorded of a real one (tests/recordings/jenkins-2.541.3)."""

from __future__ import annotations

import re
from contextlib import suppress
from email import message_from_string
from pathlib import Path

import pytest
import requests

from pkgci.jobs.answers import Door, fault
from pkgci.jobs.connection import Access, Connection
from tests.unit.jobs.fake_jenkins import FakeJenkins

RECORDING = Path(__file__).parents[2] / "recordings/jenkins-2.541.3/auth.txt"
DOOR = Door("https://jenkins01.test/jenkins/", "admin")


def recorded(title: str, method: str = "GET", path: str = "api/json") -> requests.Response:
    """The answer in the part of that title."""
    text = RECORDING.read_text().partition(f"=== {title}\n")[2].partition("\n=== ")[0]
    first, _, rest = text.partition("\n")
    head, _, body = rest.partition("\n\n")
    response = requests.Response()
    response.status_code = int(first.split()[1] if first.startswith("HTTP/") else first)
    headers = message_from_string(head if ":" in head.partition("\n")[0] else "")
    response.headers.update({name: value for name, value in headers.items() if re.fullmatch(r"[\w-]+", name)})
    response._content = (body or (rest if not len(headers) else "")).encode()
    response.encoding = "utf-8"
    response.request = requests.Request(method, f"{DOOR.url}{path}").prepare()
    return response


def said(response: requests.Response) -> tuple[str, str]:
    error = fault(response, DOOR)
    assert error is not None
    return error.message, error.hint or ""


def test_a_wrong_password_is_called_that() -> None:
    message, _ = said(recorded("wrong password"))
    assert "does not accept the password of 'admin' (401)" in message


@pytest.mark.parametrize(
    ("title", "asked", "what"),
    [
        ("reader: GET config.xml (no Job/Configure or ExtendedRead)", ("GET", "job/hello/config.xml"), "Job/Configure"),
        ("reader: createItem", ("POST", "createItem?name=hello"), "Job/Create"),
    ],
    ids=str,
)
def test_a_missing_right_is_named_and_not_called_a_wrong_password(
    title: str, asked: tuple[str, str], what: str
) -> None:
    message, hint = said(recorded(title, *asked))
    assert f"the job hello (403): the permission {what} is missing" in message
    assert "password" not in message + hint and "JENKINS-39402" not in message


def test_a_login_that_does_not_arrive_is_neither_a_wrong_password_nor_a_missing_right() -> None:
    message, hint = said(recorded("anonymous GET /api/json"))
    assert "Jenkins sees no login (403), though pkgci sends that of 'admin'" in message
    assert "Authorization" in hint and "password" not in message + hint


def test_a_refused_crumb_is_told_in_jenkins_words() -> None:
    message, _ = said(recorded("POST with crumb but without the session cookie", "POST", "createItem?name=hello"))
    assert message.endswith("'admin' may not create the job hello (403): No valid crumb was included in the request")


def test_whatever_is_asked_first_says_who_asks(fake: FakeJenkins) -> None:
    """A Jenkins that nobody may read refuses python-jenkins' own first question, its version, which has no login."""
    seen: list[str | None] = []
    fake.wrong = lambda handler: seen.append(handler.headers.get("Authorization")) or False
    for ask in (Connection.get_version, Connection.get_whoami, Connection.get_info):
        connection = Connection(Access(fake.url, None, "admin", "s3cret-password"))
        with suppress(Exception):  # what a fake Jenkins answers is no matter here
            ask(connection)
        connection.close()
    assert len(seen) >= 3 and all(header and header.startswith("Basic ") for header in seen)

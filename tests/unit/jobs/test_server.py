"""Jenkins in bad weather: every fault is a clear error, nothing is lost, and no message has the password."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from pkgci.errors import ExitStatus, PkgciError
from pkgci.jobs.connection import Access
from pkgci.jobs.server import JenkinsServer
from pkgci.secrets.certificates import issue, make_ca
from tests.unit.jobs.fake_jenkins import FakeJenkins, Handler, serving

JOB = "<project><description>d</description></project>"


def always(status: int, body: str = "", *headers: tuple[str, str]) -> Callable[[Handler], bool]:
    return lambda handler: handler.answer(status, body, *headers)


def error_of(action: Callable[[], object]) -> PkgciError:
    with pytest.raises(PkgciError) as caught:
        action()
    assert "s3cret-password" not in f"{caught.value.message} {caught.value.hint} {caught.value!r}"
    return caught.value


def test_jobs_are_made_read_changed_and_deleted(fake: FakeJenkins, server: JenkinsServer) -> None:
    server.create("a-b", JOB)
    assert [(job.name, job.description) for job in server.jobs()] == [("a-b", "d")]
    assert server.config("a-b") == JOB
    server.update("a-b", JOB.replace("d<", "e<"))
    assert "<description>e<" in fake.jobs["a-b"]
    server.delete("a-b")
    assert fake.jobs == {}
    assert server.config("a-b") is None


def test_a_wrong_password_names_the_account(fake: FakeJenkins, server: JenkinsServer) -> None:
    fake.wrong = always(401, "Invalid password/token")
    error = error_of(server.jobs)
    assert "does not accept the password of 'admin'" in error.message
    assert "bootstrap" in (error.hint or "")


def test_a_missing_permission_names_the_account_the_job_and_jenkins_words(
    fake: FakeJenkins, server: JenkinsServer
) -> None:
    server.jobs()
    fake.wrong = always(403, "<html><head><title>Error</title></head><body>admin is missing the Job/Create permission")
    error = error_of(lambda: server.update("hello", JOB))
    assert "'admin' may not change the job hello (403)" in error.message
    assert "admin is missing the Job/Create permission" in error.message


def test_an_error_in_jenkins_is_told_in_its_words_shortened_and_with_the_job(
    fake: FakeJenkins, server: JenkinsServer
) -> None:
    fake.jobs["hello"] = JOB
    server.jobs()
    fake.wrong = always(500, "<html><script>x()</script><body><h1>Oops!</h1><pre>java.io.IOException" + " x" * 5000)
    error = error_of(lambda: server.config("hello"))
    assert "does not show the job hello (500): Oops! java.io.IOException" in error.message
    assert len(error.message) < 500
    assert "x()" not in error.message


def test_what_jenkins_says_of_a_bad_job_is_passed_on(fake: FakeJenkins, server: JenkinsServer) -> None:
    server.jobs()
    fake.wrong = lambda handler: (
        handler.command == "POST"
        and handler.answer(400, "<html>long</html>", ("X-Error", "Failed to parse config.xml"))
    )
    assert "create the job new (400): Failed to parse config.xml" in error_of(lambda: server.create("new", JOB)).message


def test_where_there_is_no_jenkins_bootstrap_is_named(fake: FakeJenkins, server: JenkinsServer) -> None:
    fake.wrong = always(404, "<html>Not Found</html>")
    assert "bootstrap --role jenkins_master" in (error_of(server.jobs).hint or "")


def test_a_jenkins_that_is_starting_is_waited_for(fake: FakeJenkins) -> None:
    said: list[str] = []
    server = JenkinsServer(Access(fake.url, None, "admin", "s3cret-password"), said.append)
    fake.wrong = lambda handler: (
        len(fake.requests) < 4
        and handler.answer(503, "<html>Please wait while Jenkins is getting ready to work</html>")
    )
    assert server.jobs() == ()
    assert set(said) == {"Jenkins is starting"}


def test_a_jenkins_that_never_ends_starting_is_given_up(fake: FakeJenkins, server: JenkinsServer) -> None:
    fake.wrong = always(503, "<html>Please wait while Jenkins is getting ready to work</html>")
    error = error_of(server.jobs)
    assert "still starting" in error.message
    assert error.status is ExitStatus.NOTHING_REACHED


def test_a_web_server_without_a_jenkins_behind_it_says_so(fake: FakeJenkins, server: JenkinsServer) -> None:
    def unavailable(handler: Handler) -> bool:
        handler.send_response(503)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True

    fake.wrong = unavailable
    error = error_of(server.jobs)
    assert "no Jenkins behind it" in error.message
    assert len(fake.requests) == 3


def test_a_moment_without_jenkins_is_bridged(fake: FakeJenkins, server: JenkinsServer) -> None:
    fake.wrong = lambda handler: len(fake.requests) < 3 and handler.answer(502, "<html>Bad Gateway</html>")
    assert server.jobs() == ()


def test_where_nothing_listens_the_address_is_named(fake: FakeJenkins) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/jenkins/"
        error = error_of(JenkinsServer(Access(url, None, "admin", "s3cret-password")).jobs)
    assert "Connection refused" in error.message
    assert error.status is ExitStatus.NOTHING_REACHED


def test_a_silent_address_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def silent(_: object, request: requests.PreparedRequest, **__: object) -> None:
        tries.append(str(request.url))
        raise requests.exceptions.ConnectTimeout("timed out", request=request)

    monkeypatch.setattr(requests.Session, "send", silent)
    error = error_of(JenkinsServer(Access("http://192.0.2.1/jenkins/", None, "admin", "s3cret-password")).jobs)
    assert error.status is ExitStatus.NOTHING_REACHED
    assert len(tries) == 1


def test_a_page_in_place_of_data_is_named_by_its_title(fake: FakeJenkins, server: JenkinsServer) -> None:
    fake.jobs["hello"] = JOB
    server.jobs()
    fake.wrong = always(200, "<!DOCTYPE html><html><head><title>Welcome to the proxy</title></head></html>")
    assert "page ('Welcome to the proxy')" in error_of(server.jobs).message
    assert "show the job hello" in error_of(lambda: server.config("hello")).message


@pytest.mark.parametrize("body", ['{"jobs": [{"name": "a"', "[]", "{}", '{"jobs": 5}', ""])
def test_half_a_list_is_an_error_and_not_a_short_list(fake: FakeJenkins, server: JenkinsServer, body: str) -> None:
    server.jobs()
    fake.wrong = always(200, body)
    assert "truncated response" in error_of(server.jobs).message


@pytest.mark.parametrize("body", ["<html><title>Welcome</title></html>", '{"crumb": "c', "{}", "[]"])
def test_the_very_first_answer_may_be_a_page_or_half_as_well(
    fake: FakeJenkins, server: JenkinsServer, body: str
) -> None:
    fake.wrong = always(200, body)
    assert "asked to give a crumb, Jenkins" in error_of(server.jobs).message


def test_a_job_that_is_listed_with_something_else_than_words_is_half_an_answer(
    fake: FakeJenkins, server: JenkinsServer
) -> None:
    server.jobs()
    fake.wrong = always(200, '{"jobs": [{"name": 3, "description": 7}]}')
    assert "truncated response" in error_of(server.jobs).message


def cut(handler: Handler) -> bool:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"<project>")
    handler.wfile.flush()
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)
    return True


def test_a_connection_that_breaks_in_an_answer_is_tried_again_and_then_an_error(
    fake: FakeJenkins, server: JenkinsServer
) -> None:
    fake.jobs["hello"] = JOB
    server.jobs()
    begun = len(fake.requests)
    fake.wrong = lambda handler: len(fake.requests) == begun + 1 and cut(handler)
    assert server.config("hello") == JOB
    fake.wrong = cut
    assert "show the job hello, Jenkins sent a truncated response" in error_of(lambda: server.config("hello")).message


def test_what_may_have_been_written_is_not_written_twice(fake: FakeJenkins, server: JenkinsServer) -> None:
    server.jobs()
    fake.wrong = lambda handler: handler.command == "POST" and cut(handler)
    error_of(lambda: server.create("hello", JOB))
    assert len(fake.writes()) == 1


def test_a_jenkins_that_says_nothing_is_not_waited_for_forever(fake: FakeJenkins, server: JenkinsServer) -> None:
    def silent(_: Handler) -> bool:
        time.sleep(1.2)
        return False

    fake.wrong = silent
    assert "says nothing" in error_of(server.jobs).message


@pytest.mark.parametrize("target", ["https://elsewhere.example.org/", "/jenkins/login?from=%2F"])
def test_a_redirect_is_not_followed_but_told(fake: FakeJenkins, server: JenkinsServer, target: str) -> None:
    fake.wrong = always(302, "", ("Location", target))
    assert target in error_of(server.jobs).message
    assert len(fake.requests) == 1


def test_a_crumb_of_before_a_restart_is_renewed(fake: FakeJenkins, server: JenkinsServer) -> None:
    fake.jobs["hello"] = JOB
    server.jobs()
    fake.wrong = lambda handler: (
        handler.command == "POST"
        and len(fake.writes()) == 1
        and handler.answer(403, "<html>No valid crumb was included in the request</html>")
    )
    server.update("hello", JOB + "\n")
    assert fake.jobs["hello"] == JOB + "\n"


def test_the_environment_neither_redirects_requests_nor_turns_checks_off(
    fake: FakeJenkins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    server = JenkinsServer(Access(fake.url, None, "admin", "s3cret-password"))
    assert server.jobs() == ()
    assert server._connection._session.verify is True


def test_the_certificate_must_be_that_of_the_name_from_the_sites_authority(fake: FakeJenkins, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authority = make_ca("test", ("pkg.example.org",), now)
    other = make_ca("other", ("pkg.example.org",), now)
    (tmp_path / "ca.pem").write_text(authority.public or "")
    for maker, name, fault in (
        (authority, "jenkins01.pkg.example.org", None),
        (authority, "zuul01.pkg.example.org", "certificate is not valid"),
        (other, "jenkins01.pkg.example.org", "certificate is not valid"),
    ):
        made = issue(maker, (name,), 30, now)
        (tmp_path / "host.pem").write_text(made.secret + (made.public or ""))
        with serving(FakeJenkins(), certificate=tmp_path / "host.pem") as behind:
            port = behind.url.rsplit(":", 1)[1]
            # The name does not resolve here: the connection goes to the host's address.
            url = f"https://jenkins01.pkg.example.org:{port}"
            access = Access(url, "127.0.0.1", "admin", "s3cret-password", str(tmp_path / "ca.pem"))
            server = JenkinsServer(access)
            if fault is None:
                assert server.jobs() == ()
            else:
                assert fault in error_of(server.jobs).message
            server.close()

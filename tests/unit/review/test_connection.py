"""How pkgci gets into a Gerrit, and what it says where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pkgci.errors import ExitStatus, NothingReachedError, PkgciError
from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.review import connection
from pkgci.review.connection import Connection, Place
from pkgci.review.login import Way
from pkgci.review.opening import NoLoginError, opened, place
from tests.unit.conftest import SITE
from tests.unit.review.fake_gerrit import PASSWORD, FakeGerrit
from tests.unit.review.fake_gerrit_rest import Handler


@contextmanager
def connected(fake: FakeGerrit) -> Iterator[Connection]:
    with Connection(Place(fake.url)) as link:
        yield link


def test_a_password_logs_in_as_the_sites_administrator(review_site: Site, fake: FakeGerrit) -> None:
    fake.become_anybody = False
    with opened(review_site, PASSWORD, None) as gerrit:
        assert gerrit.way is Way.PASSWORD
        assert gerrit.connection.data("/projects/All-Projects", "look")["name"] == "All-Projects"
    assert all(path.split()[1].startswith("/a/") for path in fake.requests)


def test_where_everybody_may_be_anybody_no_password_is_needed(review_site: Site, fake: FakeGerrit) -> None:
    with opened(review_site, None, None) as gerrit:
        assert gerrit.way is Way.BECOME
        gerrit.connection.send("PUT", "/groups/some", {}, "make a group")
    assert "some" in fake.groups


def test_a_terminal_is_asked_for_the_password(review_site: Site, fake: FakeGerrit) -> None:
    fake.become_anybody = False
    asked = []

    def ask(user: str, url: str) -> str:
        asked.append(user)
        return PASSWORD

    with opened(review_site, None, ask) as gerrit:
        assert gerrit.way is Way.PASSWORD
    assert asked == ["admin"]


def test_without_any_password_it_says_what_would_do_and_what_the_administrators_can_do(
    review_site: Site, fake: FakeGerrit
) -> None:
    fake.become_anybody = False
    with pytest.raises(NoLoginError) as raised, opened(review_site, None, None):
        pass
    assert "admin" in raised.value.message
    assert "PKGCI_GERRIT_PASSWORD" in (raised.value.hint or "")
    assert "--plan --format text" in (raised.value.hint or "")


@pytest.mark.parametrize("status", [302, 401, 403])
def test_a_gerrit_that_shows_nothing_without_a_login_is_one_that_asks_for_a_password(
    review_site: Site, fake: FakeGerrit, status: int
) -> None:
    fake.wrong = lambda handler: handler.raw(status, "<html>log in</html>", "text/html", ("Location", "https://sso/"))
    with pytest.raises(NoLoginError), opened(review_site, None, None):
        pass


def test_a_wrong_password_is_told_and_never_shown(review_site: Site, fake: FakeGerrit) -> None:
    fake.become_anybody = False
    with pytest.raises(PkgciError) as raised, opened(review_site, "my-wrong-password", None):
        pass
    assert "refuses the login" in raised.value.message
    assert "HTTP Credentials" in (raised.value.hint or "") and "LDAP" in (raised.value.hint or "")
    assert "my-wrong-password" not in f"{raised.value.message} {raised.value.hint}"


def test_somebody_who_is_no_administrator_is_refused_before_anything_is_done(
    write_review_site: Callable[..., Path], fake: FakeGerrit
) -> None:
    fake.accounts["bob"] = {"id": 7, "keys": [], "active": True}
    site = load_site(write_review_site("administrator: bob"))
    with pytest.raises(PkgciError, match="'bob' is no administrator"), opened(site, None, None):
        pass
    assert fake.writes() == []


def test_an_account_that_there_is_not_cannot_be_become(
    write_review_site: Callable[..., Path], fake: FakeGerrit
) -> None:
    site = load_site(write_review_site("administrator: nobody"))
    with pytest.raises(PkgciError, match="no account 'nobody'"), opened(site, None, None):
        pass


def test_nothing_that_listens_is_nothing_reached() -> None:
    with pytest.raises(NothingReachedError, match="refused") as raised, Connection(Place("http://127.0.0.1:1")) as link:
        link.data("/config/server/version", "tell its version")
    assert raised.value.status is ExitStatus.NOTHING_REACHED


def test_a_host_of_the_site_is_reached_by_its_address(write_site: Callable[[str], Path]) -> None:
    text = SITE.replace("pub01: {role: publisher,", "pub01: {role: publisher, aliases: [review.example.org],")
    found = place(load_site(write_site(text)))
    assert (found.url, found.address) == ("https://review.example.org", "203.0.113.12")
    assert place(load_site(write_site(SITE))).address is None


def count(fake: FakeGerrit, request: str) -> int:
    return sum(one == request for one in fake.requests)


def test_what_only_reads_is_asked_again_and_what_writes_is_not(fake: FakeGerrit) -> None:
    def cut(handler: Handler) -> bool:
        if "/groups/" in handler.path and len(fake.requests) < 3:
            handler.close_connection = True
            return True
        return False

    with connected(fake) as link:
        link.headers = {"Cookie": "GerritAccount=session-admin", "X-Gerrit-Auth": "token-1"}
        link.data("/config/server/version", "tell")
        fake.wrong = cut
        assert link.data("/groups/Administrators", "show")["name"] == "Administrators"
        assert count(fake, "GET /groups/Administrators") == 2
        fake.requests.clear()
        with pytest.raises(PkgciError):
            link.send("PUT", "/groups/new", {}, "make it")
        assert fake.requests == ["PUT /groups/new"]


def opened_links(fake: FakeGerrit) -> set[int]:
    """Keeps, as the returned set, the ports that requests came from: one for each connection."""
    ports: set[int] = set()

    def note(handler: Handler) -> bool:
        ports.add(handler.client_address[1])
        return False

    fake.wrong = note
    return ports


@pytest.mark.parametrize(("idle", "links"), [(0.0, 2), (60.0, 1)])
def test_what_writes_never_goes_over_a_connection_that_idled(
    fake: FakeGerrit, monkeypatch: pytest.MonkeyPatch, idle: float, links: int
) -> None:
    monkeypatch.setattr(connection, "_FRESH", idle)
    ports = opened_links(fake)
    with connected(fake) as link:
        link.headers = {"Cookie": "GerritAccount=session-admin", "X-Gerrit-Auth": "token-1"}
        link.data("/config/server/version", "tell")
        link.data("/config/server/version", "tell")
        link.send("PUT", "/groups/new", {}, "make it")
    assert len(ports) == links


def test_what_answers_without_tls_is_no_wrong_certificate_but_a_gerrit_that_does_not_answer(fake: FakeGerrit) -> None:
    said: list[str] = []
    url = fake.url.replace("http:", "https:")
    with (
        pytest.raises(NothingReachedError, match=r"does not answer: TLS: \w+") as raised,
        Connection(Place(url), said.append) as link,
    ):
        link.ask("GET", "/")
    assert "certificate" not in raised.value.message
    assert said == ["Gerrit does not answer: asking again"]


def test_a_gerrit_that_starts_is_waited_for(fake: FakeGerrit) -> None:
    fake.wrong = lambda handler: len(fake.requests) < 4 and handler.raw(503, "starting")
    said: list[str] = []
    with Connection(Place(fake.url), said.append) as link:
        assert link.data("/config/server/info", "say")["gerrit"]
    assert said == ["Gerrit is starting"] * 3


@pytest.mark.parametrize(
    ("status", "body", "kind", "words", "hint"),
    [
        (302, "", "text/html", "redirects to https://other.example.org/", "exempt /a/"),
        (403, "not permitted", "text/plain", "not permitted", "Administrators"),
        (404, "<html><title>404</title></html>", "text/html", "'%2F'", "AllowEncodedSlashes NoDecode"),
        (405, "config changes need review", "text/plain", "config changes need review", "setting"),
        (409, "branch exists", "text/plain", "branch exists", None),
        (500, "Internal server error", "text/plain", "Internal server error", None),
        (200, "<html>hello</html>", "text/html", "is not Gerrit's JSON", "base URL"),
        (200, ")]}'\n{\"cut", "application/json", "is truncated", "again"),
    ],
)
def test_refusals_are_told_in_gerrits_words_with_what_to_do(
    fake: FakeGerrit, status: int, body: str, kind: str, words: str, hint: str | None
) -> None:
    fake.wrong = lambda handler: handler.raw(status, body, kind, ("Location", "https://other.example.org/"))
    with connected(fake) as link, pytest.raises(PkgciError) as raised:
        link.data("/projects/a%2Fb", "show the project a/b")
    assert words in raised.value.message
    assert (hint or "") in (raised.value.hint or "")


def test_the_labs_stand_in_is_named_as_what_it_is(fake: FakeGerrit) -> None:
    fake.wrong = lambda handler: handler.raw(404, "<html></html>", "text/html", ("X-Pkgci-Stand-In", "review"))
    with connected(fake) as link, pytest.raises(PkgciError, match="stand-in"):
        link.data("/config/server/version", "tell its version")


def test_a_silent_address_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[object] = []

    def silent(address: object, *_: object) -> None:
        tries.append(address)
        raise TimeoutError("timed out")

    monkeypatch.setattr(connection.socket, "create_connection", silent)
    with Connection(Place("https://192.0.2.1", None)) as link, pytest.raises(PkgciError) as error:
        link.ask("GET", "/config/server/version")
    assert error.value.status is ExitStatus.NOTHING_REACHED
    assert len(tries) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    review_site: Site, fake: FakeGerrit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pkgci.secrets.needs import CA
    from pkgci.secrets.store import SecretStore
    from tests.unit.jobs.fake_jenkins import FakeJenkins
    from tests.unit.jobs.fake_jenkins import serving as serving_tls

    monkeypatch.setattr(connection, "SERVER_PAUSES", ())
    store = SecretStore.open(review_site.directory / "secrets")
    pem = tmp_path / "tls.pem"
    pem.write_text(store.public("tls/zuul01") + store.secret("tls/zuul01"))
    with serving_tls(FakeJenkins(), certificate=pem) as served:
        port = served.url.split(":")[2].partition("/")[0]
        url = f"https://zuul01.pkg.example.org:{port}"
        with pytest.raises(PkgciError, match="certificate is not valid"), Connection(Place(url, "127.0.0.1")) as link:
            link.ask("GET", "/")
        with Connection(Place(url, "127.0.0.1", store.public(CA))) as link:
            assert link.ask("GET", "/jenkins/api/json").status == 200
        wrong = Place(f"https://other.example.org:{port}", "127.0.0.1", store.public(CA))
        with pytest.raises(PkgciError, match="certificate is not valid"), Connection(wrong) as link:
            link.ask("GET", "/")

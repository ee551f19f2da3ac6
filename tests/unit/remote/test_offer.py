"""Keys are offered one after another, and what keeps them all out is told as what it is."""

from pathlib import Path

import paramiko
import pytest

from pkgci.model.site import Host, Site
from pkgci.remote.errors import AuthenticationError, UnreachableError
from pkgci.remote.keys import Candidate, Keys
from pkgci.remote.offer import Offer

NO = paramiko.AuthenticationException("Authentication failed.")
GONE = paramiko.AuthenticationException("Authentication failed: transport shut down or saw EOF")


class Server:
    """Answers to each key in turn with what it is told: an exception, or what else it wants."""

    def __init__(self, *answers: Exception | list[str], hangs_up: bool = False) -> None:
        self.answers = list(answers)
        self.hangs_up = hangs_up
        self.offered: list[str] = []

    def auth_publickey(self, user: str, key: str) -> list[str]:
        self.offered.append(key)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def is_active(self) -> bool:
        return bool(self.answers) or not self.hangs_up


@pytest.fixture
def host(site: Site) -> Host:
    return site.host("zuul01")


def offer(host: Host, server: Server, count: int = 3, locked: tuple[Path, ...] = ()) -> None:
    keys = Keys(tuple(Candidate(f"key{number}", f"name{number}") for number in range(count)), locked)
    Offer(host, keys, 10.0).authenticate(server)


def test_the_first_key_that_fits_is_the_last_that_is_offered(host: Host) -> None:
    server = Server(NO, [], NO)
    offer(host, server)
    assert server.offered == ["key0", "key1"]


def test_keys_that_do_not_fit_are_named(host: Host) -> None:
    with pytest.raises(AuthenticationError, match="does not let root in; tried the keys name0, name1, name2") as error:
        offer(host, Server(NO, NO, NO))
    assert "authorized_keys" in str(error.value.hint)


def test_a_locked_key_that_might_have_fitted_is_named(host: Host) -> None:
    with pytest.raises(AuthenticationError, match="name0; the key /home/me/id is locked") as error:
        offer(host, Server(NO), count=1, locked=(Path("/home/me/id"),))
    assert "ssh-add /home/me/id" in str(error.value.hint)


@pytest.mark.parametrize(
    "end", [GONE, paramiko.SSHException("No existing session"), EOFError(), ConnectionResetError()]
)
def test_a_server_that_gives_up_after_some_keys_is_not_called_overloaded(host: Host, end: Exception) -> None:
    with pytest.raises(AuthenticationError, match="gave up after 2 keys") as error:
        offer(host, Server(NO, end, hangs_up=True))
    assert "ssh: {key: PATH}" in str(error.value.hint)


def test_a_server_that_hangs_up_on_the_only_key_has_not_had_too_many(host: Host) -> None:
    with pytest.raises(UnreachableError, match="closed the connection when root logged in"):
        offer(host, Server(GONE, hangs_up=True), count=1)


def test_a_server_that_does_not_answer_to_a_key_is_not_called_a_refusal(host: Host) -> None:
    with pytest.raises(UnreachableError, match="does not answer"):
        offer(host, Server(paramiko.AuthenticationException("Authentication timeout."), NO))


def test_a_server_that_wants_a_second_factor_says_which(host: Host) -> None:
    with pytest.raises(AuthenticationError, match="more than a key of root: keyboard-interactive"):
        offer(host, Server(["keyboard-interactive"]))


def test_a_server_that_takes_no_keys_says_what_it_takes(host: Host) -> None:
    with pytest.raises(AuthenticationError, match="password"):
        offer(host, Server(paramiko.BadAuthenticationType("no", ["password"]), NO))


def test_an_agent_that_does_not_sign_is_named(host: Host) -> None:
    with pytest.raises(AuthenticationError, match="agent does not sign with the key name0"):
        offer(host, Server(paramiko.SSHException("key cannot be used for signing"), hangs_up=True))

"""Following a run: live, over as many connections as it takes."""

import base64
import gzip
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from pkgci.puppetrun import follow as room
from pkgci.puppetrun.follow import End, Following, follow
from pkgci.puppetrun.progress import Phase, Progress
from pkgci.remote.errors import CommandTimeoutError, HostError, LostConnectionError, UnreachableError
from pkgci.remote.session import Completed

RUN = "20261123T010203-abcdef01"
RESOURCE = "Info: /Stage[main]/Main/File[/a]: Starting to evaluate the resource (5 of 9)"
REPORT = base64.b64encode(gzip.compress(b"--- report")).decode()


def mark(words: str) -> str:
    return f"\001{RUN} {words}"


ENDING = [mark("exit success exited 0"), mark("free 4096"), mark(f"report {REPORT}")]


class FakeSession:
    """A session whose command says ``lines``, and then breaks where ``error`` says so."""

    def __init__(self, lines: list[str], error: HostError | None = None, status: int = 0) -> None:
        self.lines, self.error, self.status = lines, error, status
        self.commands: list[str] = []
        self.closed = False
        self.host = type("Host", (), {"name": "zuul01"})()

    def stream(self, command: str, *, stdin: bytes = b"", idle_timeout: float) -> Generator[str, None, Completed]:
        self.commands.append(command)
        yield from self.lines
        if self.error:
            raise self.error
        return Completed(self.status, "", "systemd-run: no such unit\n" if self.status else "")

    def close(self) -> None:
        self.closed = True


def lost() -> LostConnectionError:
    return LostConnectionError("zuul01", "the connection was lost")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_BETWEEN_ATTEMPTS", 0.0)


class Follower:
    """Follows the run with the sessions that it is given, one after another."""

    def __init__(self, *sessions: FakeSession | HostError) -> None:
        self.sessions = list(sessions)
        self.seen: list[Progress] = []
        self.following = Following(RUN, Progress("zuul01", Phase.COMPILING))

    def reopen(self) -> Any:
        session = self.sessions.pop(0)
        if isinstance(session, HostError):
            raise session
        return session

    def __call__(self, *, seconds: float = 60, interrupted: Callable[[], bool] = lambda: False) -> End:
        first: Iterator[str] = room.lines_of(self.reopen(), "deliver")
        return follow(
            self.following,
            first,
            self.reopen,
            self.seen.append,
            deadline=time.monotonic() + seconds,
            interrupted=interrupted,
        )


def test_a_run_is_followed_to_its_end_and_its_report_comes_along() -> None:
    follower = Follower(FakeSession([mark("alive"), RESOURCE, "Notice: done", *ENDING]))
    assert follower() == End("success", "exited", "0", False, 4096, "--- report")
    assert follower.seen == [Progress("zuul01", Phase.APPLYING, 5, 9, "File[/a]")]
    assert follower.following.log == [RESOURCE, "Notice: done"]


def test_after_a_lost_connection_only_the_lines_that_are_new_are_asked_for() -> None:
    second = FakeSession([mark("alive"), "Notice: done", *ENDING])
    follower = Follower(FakeSession([mark("alive"), RESOURCE], lost()), second)
    assert follower().result == "success"
    assert follower.following.log == [RESOURCE, "Notice: done"]
    assert second.commands[0].startswith(f"set -- {RUN} 1\n")
    assert second.closed
    assert [progress.phase for progress in follower.seen] == [Phase.APPLYING, Phase.RECONNECTING, Phase.APPLYING]


@pytest.mark.parametrize("silence", [lost(), CommandTimeoutError("zuul01", "45 s without a word")])
def test_a_host_that_is_away_for_a_moment_is_waited_for(silence: HostError) -> None:
    away = UnreachableError("zuul01", "refuses connections")
    follower = Follower(FakeSession([], silence), away, away, FakeSession(ENDING))
    assert follower().code == "exited"


def test_a_connection_that_ends_without_a_word_is_lost_too() -> None:
    follower = Follower(FakeSession([RESOURCE]), FakeSession(ENDING))
    assert follower().result == "success"


def test_a_host_that_stays_away_is_told_with_the_last_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PATIENCE", -1.0)
    follower = Follower(FakeSession([RESOURCE], lost()), UnreachableError("zuul01", "10.0.0.1 does not answer"))
    with pytest.raises(LostConnectionError, match=r"last: File\[/a\]\), and did not come back: 10.0.0.1") as caught:
        follower()
    assert "the same command again" in str(caught.value.hint)


def test_a_deadline_that_has_passed_ends_the_following_too() -> None:
    with pytest.raises(CommandTimeoutError, match="the deadline has passed"):
        Follower(FakeSession([RESOURCE], lost()))(seconds=-1)


def test_who_is_interrupted_does_not_connect_again() -> None:
    follower = Follower(FakeSession([RESOURCE], lost()), FakeSession(ENDING))
    with pytest.raises(LostConnectionError):
        follower(interrupted=lambda: True)
    assert len(follower.sessions) == 1
    assert Phase.RECONNECTING not in [progress.phase for progress in follower.seen]


def test_a_delivery_that_fails_says_why() -> None:
    with pytest.raises(HostError, match="zuul01: the run could not be started: systemd-run: no such unit"):
        Follower(FakeSession([], status=70))()


def test_a_reboot_shows() -> None:
    end = Follower(FakeSession([mark("rebooted"), mark("free 1")]))()
    assert end.rebooted
    assert end.result is None


def test_a_mark_in_the_middle_of_a_line_does_not_hide_the_line() -> None:
    follower = Follower(FakeSession([f"Setting up hello ...{mark('alive')}", *ENDING]))
    follower()
    assert follower.following.log == ["Setting up hello ..."]


def test_another_runs_mark_is_no_mark() -> None:
    follower = Follower(FakeSession(["\001other exit success exited 0", *ENDING]))
    follower()
    assert follower.following.log == ["\001other exit success exited 0"]


def test_room_that_the_host_does_not_tell_is_not_called_none() -> None:
    assert Follower(FakeSession([mark("exit success exited 0"), mark("free ")]))().free_kb is None

"""A log that grows: who may add to it, what is kept when the connection ends, and where it ends."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pkgci_logs.append import append
from pkgci_logs.room import Room
from pkgci_logs.store import Refused, Store, build_path

from tests.unit.logs.conftest import KEY, MINE, OTHER, opening

PATH = build_path("12/3412/3/check/job/0123abc")
HEAD = opening()


class Client:
    """The other end of a connection, in a thread of its own."""

    def __init__(self, store: Store, silence: float = 20, limit: int = 1000) -> None:
        self._read, self._write = os.pipe()
        self.answers: list[str] = []
        self.ended: bool | Refused | None = None
        self._answered = threading.Condition()
        self._thread = threading.Thread(target=self._serve, args=(store, silence, limit))
        self._thread.start()

    def _serve(self, store: Store, silence: float, limit: int) -> None:
        try:
            self.ended = append(Room(store, 10**9), PATH, KEY, self._read, self._answer, lambda: None, silence, limit)
        except Refused as refused:
            self.ended = refused
        finally:
            with self._answered:
                self._answered.notify()

    def _answer(self, text: str) -> None:
        with self._answered:
            self.answers.append(text)
            self._answered.notify()

    def begin(self, secret: str = MINE, job: str = '{"node": "build01"}') -> str | None:
        """The size that is there already; None where it is refused."""
        self.say(opening(secret=secret) + f"{job}\n".encode())
        with self._answered:
            self._answered.wait_for(lambda: self.answers or self.ended is not None, 10)
        return self.answers[0] if self.answers else None

    def say(self, words: bytes) -> None:
        os.write(self._write, words)

    def send(self, piece: bytes) -> None:
        self.say(b"%d\n%s" % (len(piece), piece))

    def hang_up(self) -> bool | Refused | None:
        """How it ended, for the server."""
        os.close(self._write)
        self._thread.join(10)
        os.close(self._read)
        return self.ended


@contextmanager
def client(store: Store, silence: float = 20, limit: int = 1000) -> Iterator[Client]:
    one = Client(store, silence, limit)
    yield one
    if one._thread.is_alive():
        one.hang_up()


def console(store: Store) -> bytes:
    return (store.logs / PATH.text / "console.txt").read_bytes()


def test_a_log_is_kept_to_its_end_and_then_nobody_adds_to_it(store: Store) -> None:
    with client(store) as one:
        assert one.begin() == "0"
        one.send(b"hello\n")
        one.send(b"42\nend\n")
        one.say(b"end\n")
        assert one.hang_up() is True
        assert one.answers == ["0", "kept 13"]
    assert console(store) == b"hello\n42\nend\n"
    assert json.loads((store.logs / PATH.text / "job.json").read_text()) == {"node": "build01"}
    for token in (MINE, OTHER):
        with client(store) as late:
            assert late.begin(token) is None
            assert ("this log has ended" if token == MINE else "somebody else's") in str(late.hang_up())
    assert console(store) == b"hello\n42\nend\n"


def test_what_came_before_the_connection_ended_is_kept_and_its_owner_goes_on(store: Store) -> None:
    with client(store) as one:
        one.begin()
        one.say(b"1000\nhalf a pie")
        assert one.hang_up() is False
    assert console(store) == b"half a pie"
    with client(store) as stranger:
        assert stranger.begin(OTHER) is None
        assert "somebody else's" in str(stranger.hang_up())
    with client(store) as again:
        assert again.begin() == "10"
        again.send(b"ce")
        again.say(b"end\n")
        assert again.hang_up() is True
    assert console(store) == b"half a piece"


def test_a_connection_that_wakes_up_after_another_went_on_adds_nothing(store: Store) -> None:
    with client(store) as slow, client(store) as quick:
        slow.begin()
        slow.send(b"one")
        while console(store) != b"one":
            pass
        assert quick.begin() == "3"
        quick.send(b"two")
        while console(store) != b"onetwo":
            pass
        slow.send(b"two")
        assert "another connection" in str(slow.hang_up())
        assert quick.hang_up() is False
    assert console(store) == b"onetwo"


def test_a_log_that_somebody_sent_whole_is_not_added_to(store: Store) -> None:
    os.close(store.opened(PATH))
    (store.logs / PATH.text / "console.txt").write_text("whole")
    with client(store) as one:
        assert one.begin() is None
        assert "has ended" in str(one.hang_up())
    assert console(store) == b"whole"


def test_a_link_in_the_logs_place_is_not_written_through(store: Store, tmp_path: Path) -> None:
    os.close(store.opened(PATH))
    precious = tmp_path / "precious"
    precious.write_text("x")
    for name in ("console.txt", "job.json"):
        (store.logs / PATH.text / name).symlink_to(precious)
    with client(store) as one:
        assert one.begin() is None
    assert precious.read_text() == "x"


def test_neither_is_one_that_takes_its_place_between_two_connections(store: Store, tmp_path: Path) -> None:
    with client(store) as one:
        one.begin()
    (tmp_path / "precious").write_text("x")
    (store.logs / PATH.text / "console.txt").unlink()
    (store.logs / PATH.text / "console.txt").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="Too many levels"):
        append(Room(store, 10**9), PATH, KEY, _said(HEAD + b"{}\n1\nyend\n"), print, lambda: None)
    assert (tmp_path / "precious").read_text() == "x"


def _said(words: bytes) -> int:
    read, write = os.pipe()
    os.write(write, words)
    os.close(write)
    return read


def test_a_log_has_a_limit(store: Store) -> None:
    with client(store, limit=10) as one:
        one.begin()
        one.send(b"x" * 8)
        one.send(b"y" * 8)
        assert "at most 10 bytes" in str(one.hang_up())
    assert console(store) == b"x" * 8


def test_a_client_that_says_nothing_is_gone(store: Store) -> None:
    with client(store, silence=0.1) as one:
        one.begin()
        one._thread.join(10)
        assert one.ended is False


def test_a_job_that_is_silent_but_there_is_heard_of(store: Store) -> None:
    with client(store) as one:
        one.begin()
        file = store.logs / PATH.text / "console.txt"
        os.utime(file, (0, 0))
        one.say(b"0\nend\n")
        one.hang_up()
    assert file.stat().st_mtime > 0


@pytest.mark.parametrize(
    "words",
    [
        b"short\nshort\n{}\n",
        opening(secret="short") + b"{}\n",
        opening(secret="../../../../../../../../etc/passwd") + b"{}\n",
        HEAD + b"no JSON\n",
        HEAD + b"[1]\n",
        HEAD + b"{}\n-1\n",
        HEAD + b"{}\n99999999999999\n",
        HEAD + b"{}\nhello\n",
        b"x" * 500,
        HEAD + b"{" * 20000,
        HEAD + b"[" * 16000 + b"\n",
    ],
)
def test_what_is_no_conversation_is_refused(store: Store, words: bytes) -> None:
    with client(store) as one:
        one.say(words)
        assert isinstance(one.hang_up(), Refused)

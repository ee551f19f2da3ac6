"""What a job leaves: plain files with plain names, not too many and not too large, whole, and never changed again."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from pkgci_logs import room as rooms
from pkgci_logs.room import Room
from pkgci_logs.store import Refused, build_path
from pkgci_logs.upload import COUNT_LIMIT, RESULT_LIMIT, SIZE_LIMIT, Limits, upload
from pkgci_steps.job import results

from tests.unit.logs.conftest import KEY, PATH, opening
from tests.unit.logs.test_receive import said, sent


def send(room: Room, words: bytes, limits: Limits | None = None) -> tuple[bool, list[str]]:
    """Whether all came, and the answers."""
    answers: list[str] = []
    came = upload(room, build_path(PATH), KEY, said(words), answers.append, limits=limits or Limits())
    return came, answers


@pytest.fixture
def folder(room: Room) -> Path:
    return room.store.logs / PATH


def test_files_are_kept_as_they_are_in_their_folders(room: Room, folder: Path) -> None:
    words = sent(("junit.xml", b"<x/>"), ("artifacts/a_1%3a1~c1_all.deb", b"\x00\xff" * 20_000), ("empty", b""))
    before = os.umask(0o022)
    try:
        assert send(room, words) == (True, ["ready", "send", "send", "send", "kept 3"])
    finally:
        os.umask(before)
    assert (folder / "artifacts/a_1%3a1~c1_all.deb").read_bytes() == b"\x00\xff" * 20_000
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.rglob("*") if file.is_file()} == {0o644}
    assert sorted(file.name for file in folder.iterdir()) == ["artifacts", "empty", "junit.xml"]


def test_what_is_there_is_never_changed_and_is_not_sent_again(room: Room, folder: Path) -> None:
    send(room, sent(("a", b"first")))
    assert send(room, opening() + b"file 6 a\nend\n") == (True, ["ready", "kept", "kept 1"])
    assert (folder / "a").read_bytes() == b"first"


def test_a_file_whose_sender_goes_is_not_there_at_all_and_comes_again(room: Room, folder: Path) -> None:
    assert send(room, opening() + b"file 100 a\nhalf")[0] is False
    assert list(folder.iterdir()) == []
    (folder / ".part").write_text("of a program that was killed")
    assert send(room, sent(("a", b"whole")))[0] is True
    assert [file.name for file in folder.iterdir()] == ["a"]


@pytest.mark.parametrize(
    "name",
    [
        b"../x",
        b"a/../../x",
        b"/etc/x",
        b".hidden",
        b"a/.ssh/x",
        b"-rf",
        b"a b",
        b"a\\ b",
        b"a//b",
        b"a/",
        b"\xff",
        b"\x1b[2J",
        b"\xe2\x80\xaegnp.exe",
        b"<script>",
        b"a\x00b",
        b"x" * 300,
        b"/".join([b"x"] * 20),
        b"console.txt",
        b"job.json",
    ],
)
def test_a_name_that_could_be_more_than_a_name_is_refused(room: Room, folder: Path, name: bytes) -> None:
    with pytest.raises(Refused):
        send(room, opening() + b"file 1 " + name + b"\nxend\n")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "line", [b"file -1 a", b"file 1", b"link a /etc/passwd", b"file 0x1 a", b"file 1  a", b"x" * 999]
)
def test_there_is_no_word_for_anything_but_a_file_of_a_size(room: Room, line: bytes) -> None:
    with pytest.raises(Refused):
        send(room, opening() + line + b"\n")


def test_a_file_that_is_too_large_is_refused_before_a_byte_of_it_is_taken(room: Room, folder: Path) -> None:
    for name, size in (("a", SIZE_LIMIT + 1), ("result.json", RESULT_LIMIT + 1), ("a", 10**12 - 1)):
        with pytest.raises(Refused, match="at most"):
            send(room, opening() + f"file {size} {name}\n".encode())
    assert list(folder.iterdir()) == []


def test_the_limits_are_a_builds_however_many_connections_it_takes(room: Room) -> None:
    limits = Limits(size=10, count=3)
    send(room, sent(("a", b"12345678")), limits)
    with pytest.raises(Refused, match="at most 10 bytes"):
        send(room, sent(("b", b"123")), limits)
    send(room, sent(("deep/b", b"")), limits)
    with pytest.raises(Refused, match="at most 3 files"):
        send(room, sent(("c", b"")), limits)
    with pytest.raises(Refused, match="at most 3 files"):
        send(room, opening() + b"file 0 a\n" * 4 + b"end\n", limits)


def test_what_a_job_may_send_is_what_the_log_server_takes() -> None:
    assert results.SIZE_LIMIT + RESULT_LIMIT < SIZE_LIMIT and 2 * results.COUNT_LIMIT <= COUNT_LIMIT


def test_a_link_in_a_folders_place_leads_nowhere(room: Room, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    send(room, sent(("a", b"x")))
    (folder / "artifacts").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="not a folder: artifacts"):
        send(room, sent(("artifacts/b", b"x")))
    assert list((tmp_path / "elsewhere").iterdir()) == [] and not (folder / ".part").exists()


def test_a_full_disk_is_no_refusal_and_leaves_room_for_pages(
    room: Room, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "RESERVE", 1 << 60)
    with pytest.raises(OSError, match="the log server's disk is full"):
        send(room, sent(("a", b"x")))
    assert list(folder.iterdir()) == []


def test_a_full_disk_takes_first_what_is_too_much_and_asks_no_second_time_at_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = room.store.logs / "1/1/1/check/job/0000001"
    old.mkdir(parents=True)
    (old / "result.json").write_bytes(b"{}" + b" " * 100_000)
    small = Room(room.store, 50_000)
    free = [True]
    monkeypatch.setattr(Room, "_is_there", lambda self, size: not old.exists() and free[0])
    assert send(small, sent(("a", b"x")))[0] is True
    assert not old.exists()
    free[0] = False
    asked: list[object] = []
    monkeypatch.setattr(rooms, "free", lambda *given: asked.append(given) or ())
    with pytest.raises(OSError, match="full"):
        send(small, sent(("b", b"x")))
    assert asked == []

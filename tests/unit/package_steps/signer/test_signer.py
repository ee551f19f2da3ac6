"""What the signer signs, and for whom: each account's files, with the key of that one, and nothing else."""

from __future__ import annotations

import io
import json
import os
import pwd
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pkgci_steps.repository import places
from pkgci_steps.signer import client, main, wire
from pkgci_steps.signer.main import Signer

SITE = "lab"
# As apt-ftparchive writes it.
RELEASED = b"Codename: trixie\nDate: Sat, 28 Feb 2026 05:11:51 +0000\nLabel: lab\nOrigin: lab\nSuite: trixie\nSHA256:\n"
REVIEWED = b"Origin: lab\nLabel: lab-review-5\nSuite: trixie\n"
GATED = b"Origin: lab\nLabel: lab-gate-5-Z1\nSuite: trixie\n"
REPOMD = b'<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="x">'
HEADER = b"\x8e\xad\xe8\x01\0\0\0\0" + b"x" * 100


class Desk:
    """The signer, with a gpg that says what it was asked, and what was said in the journal."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.now = 0.0
        file = folder / "signing.json"
        file.write_text(json.dumps({"release": ["OLD!", "NEW!"], "review": ["REVIEW!"]}))
        self.signer = Signer(SITE, self.sign, file, lambda: self.now, self.said.append)

    def sign(self, words: tuple[str, ...], keys: tuple[str, ...], data: bytes) -> bytes:
        return f"{words[-1]} {' '.join(keys)}".encode()

    def ask(self, account: str, key: str, kind: str, data: bytes) -> bytes:
        request = wire.request(key, kind, len(data), "/srv/publisher/x") + data
        return self.signer.answer(account, io.BytesIO(request))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("account", "key", "kind", "data", "signed"),
    [
        ("publisher", "release", "clear", RELEASED, b"--clearsign OLD! NEW!"),
        ("publisher", "release", "detached", RELEASED, b"--detach-sign OLD! NEW!"),
        ("publisher", "release", "repomd", REPOMD, b"--detach-sign OLD!"),
        ("publisher", "release", "rpm", HEADER, b"--detach-sign OLD!"),
        ("pkgci-review", "review", "clear", REVIEWED, b"--clearsign REVIEW!"),
        ("pkgci-review", "review", "rpm", HEADER, b"--detach-sign REVIEW!"),
        ("pkgci-gate", "review", "detached", GATED, b"--detach-sign REVIEW!"),
    ],
)
def test_each_account_has_its_own_files_signed(
    desk: Desk, account: str, key: str, kind: str, data: bytes, signed: bytes
) -> None:
    assert desk.ask(account, key, kind, data) == b"ok %d\n%s" % (len(signed), signed)
    assert desk.said[0].startswith(f"signed {key} {kind} /srv/publisher/x for {account}: sha256 ")


@pytest.mark.parametrize(
    ("account", "key", "kind", "data"),
    [
        # Who looks into what strangers built, with the key of what is released.
        ("pkgci-review", "release", "clear", RELEASED),
        ("pkgci-review", "release", "rpm", HEADER),
        ("pkgci-gate", "release", "repomd", REPOMD),
        # Somebody else of the host.
        ("jenkins", "review", "clear", REVIEWED),
        ("root", "release", "clear", RELEASED),
        # What publishes released packages, with the other key.
        ("publisher", "review", "clear", REVIEWED),
        # What passes for another repository's, or is no index at all.
        ("pkgci-review", "review", "clear", RELEASED),
        ("publisher", "release", "clear", REVIEWED),
        ("publisher", "release", "clear", b"Origin: Debian\nLabel: Debian\nSuite: trixie\n"),
        ("publisher", "release", "clear", b"any text\n" + RELEASED),
        ("publisher", "release", "clear", RELEASED + b"Label: Debian\n"),
        ("publisher", "release", "clear", RELEASED + b"\norigin: Debian\n"),
        ("publisher", "release", "detached", b"\x7fELF"),
        ("publisher", "release", "repomd", RELEASED),
        ("publisher", "release", "rpm", b"I owe you a million"),
        ("publisher", "release", "mail", RELEASED),
        ("publisher", "other", "clear", RELEASED),
        ("publisher", "release", "clear", b""),
        ("publisher", "release", "clear", RELEASED + b"x" * 1_000_000),
    ],
)
def test_nothing_else_is_signed(desk: Desk, account: str, key: str, kind: str, data: bytes) -> None:
    assert desk.ask(account, key, kind, data).startswith(b"no ")
    assert desk.said[0].startswith("refused ")


@pytest.mark.parametrize("request_", [b"", b"\n", b"x" * 5000, b"release clear -1 x\n", b"release clear 9 x\nshort"])
def test_what_is_no_request_is_refused(desk: Desk, request_: bytes) -> None:
    assert desk.signer.answer("publisher", io.BytesIO(request_)).startswith(b"no ")


def test_a_flood_of_one_account_ends_and_does_not_keep_others_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "_MOST", 3)
    for _ in range(3):
        assert desk.ask("pkgci-review", "review", "clear", REVIEWED).startswith(b"ok")
    assert b"within an hour" in desk.ask("pkgci-review", "review", "clear", REVIEWED)
    assert desk.ask("publisher", "release", "clear", RELEASED).startswith(b"ok")
    desk.now = 3601
    assert desk.ask("pkgci-review", "review", "clear", REVIEWED).startswith(b"ok")


@pytest.fixture
def door(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The signer's socket; whoever runs the tests counts as publisher."""
    monkeypatch.setitem(places.ACCOUNTS, "release", pwd.getpwuid(os.geteuid()).pw_name)
    monkeypatch.setattr(main._Server, "timeout", 0.3)
    place = tmp_path / "socket"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(place))
    listening.listen()
    serving = threading.Thread(target=main.serve, args=(desk.signer, listening))
    serving.start()
    yield place
    serving.join(10)
    assert not serving.is_alive(), "it ends when nobody asks"


def test_the_client_writes_what_the_signer_answers(door: Path, tmp_path: Path) -> None:
    (tmp_path / "Release").write_bytes(RELEASED)
    words = ["release", "clear", str(tmp_path / "Release"), str(tmp_path / "InRelease")]
    assert client.main(words, door) == 0
    assert (tmp_path / "InRelease").read_text() == "--clearsign OLD! NEW!"


def test_the_client_says_why_nothing_was_signed(door: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Release").write_bytes(REVIEWED)
    words = ["release", "clear", str(tmp_path / "Release"), str(tmp_path / "InRelease")]
    assert client.main(words, door) == 1
    assert "no clear of lab's release repository" in capsys.readouterr().err
    assert not (tmp_path / "InRelease").exists()


def test_where_no_signer_answers_the_client_fails_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Release").write_bytes(RELEASED)
    words = ["release", "clear", str(tmp_path / "Release"), str(tmp_path / "InRelease")]
    assert client.main(words, tmp_path / "nothing") == 1
    assert capsys.readouterr().err.startswith("pkgci-sign: ")
    assert client.main(["release"]) == 2

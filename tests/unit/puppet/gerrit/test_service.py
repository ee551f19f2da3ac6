"""gerrit-apply --wait: when a Gerrit has come up. And what its programs say."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest


class _Page(BaseHTTPRequestHandler):
    """A Gerrit's web server, which answers whatever it is asked."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def waiting(wanted: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A Gerrit that answers over HTTP, and over SSH where a test opens that port."""
    from gerrit_apply import service

    monkeypatch.setattr(service, "SSH_SECONDS", 0.2)
    monkeypatch.setattr(service, "PAUSE", 0.05)
    monkeypatch.setattr(service, "WAIT_SECONDS", 2)
    server = HTTPServer(("127.0.0.1", 0), _Page)
    Thread(target=server.serve_forever, daemon=True).start()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield replace(wanted, port=server.server_port, ssh=closed.getsockname()[1])
    server.shutdown()


def test_one_that_answers_over_http_but_never_over_ssh_has_not_come_up(
    waiting: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from gerrit_apply.service import wait

    assert wait(waiting) == 1
    assert "but not over SSH" in capsys.readouterr().err


def test_one_that_answers_both_ways_has_come_up(waiting: Any) -> None:
    from gerrit_apply.service import wait

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        Thread(target=lambda: listening.accept()[0].sendall(b"SSH-2.0-x\r\n"), daemon=True).start()
        assert wait(replace(waiting, ssh=port)) == 0


def test_one_whose_process_is_gone_is_not_waited_for(
    wanted: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gerrit_apply.service import wait

    monkeypatch.setenv("MAINPID", "999999999")
    assert wait(replace(wanted, port=1, ssh=1)) == 1
    assert "has ended while it started" in capsys.readouterr().err


def test_what_a_program_of_the_war_says_is_passed_on_and_kept(
    wanted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gerrit_apply import service

    java = tmp_path / "java"
    java.write_text('#!/bin/sh\necho "one"; echo "fatal: $5 $6" >&2; exit 1\n')
    java.chmod(0o755)
    monkeypatch.setattr(service, "account_of", lambda user: {"env": {"PATH": "/usr/bin:/bin"}})
    ended = service.Service(replace(wanted, java=str(java))).run("init", "--batch")
    assert ended == (False, f"one\nfatal: -jar {wanted.current}\n")
    assert capsys.readouterr().out == ended.said


def test_a_program_of_the_war_does_not_outlive_the_run_that_is_told_to_end(
    wanted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gerrit_apply import service
    from gerrit_apply.wanted import CutShortError

    def told(*words: object, **options: object) -> None:
        raise CutShortError

    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho one\nexec sleep 60\n")
    java.chmod(0o755)
    monkeypatch.setattr(service, "account_of", lambda user: {"env": {"PATH": "/usr/bin:/bin"}})
    monkeypatch.setattr(service, "print", told, raising=False)
    began = time.monotonic()
    with pytest.raises(CutShortError):
        service.Service(replace(wanted, java=str(java))).run("reindex")
    assert time.monotonic() - began < 30

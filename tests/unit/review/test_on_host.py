"""The program that asks Gerrit from Zuul's host, run here with an ssh and a git that are scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkgci.model.site import Site
from pkgci.remote.errors import HostError
from pkgci.remote.session import Completed
from pkgci.review import asking
from tests.unit.review.fake_gerrit import FakeGerrit

SSH = """#!/bin/sh
echo "ssh $*" >> "$LOG"
case "$*" in
*"gerrit version") {version} ;;
*"gerrit ls-projects") echo packaging/hello ;;
*"gerrit stream-events") {stream} ;;
esac
"""
GIT = """#!/bin/sh
echo "git $* by $GIT_SSH_COMMAND in $HOME" >> "$LOG"
echo "aaaa\trefs/heads/main"
"""
SCAN = '#!/bin/sh\necho "[localhost]:29418 ssh-ed25519 AAAAshown"\n'
RUNUSER = '#!/bin/sh\nshift 3\nexec "$@"\n'

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Path, review_site: Site, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Runs the program; ``version`` and ``stream`` are what ssh does."""
    folder, programs, log = tmp_path / "home/.ssh", tmp_path / "bin", tmp_path / "log"
    folder.mkdir(parents=True)
    programs.mkdir()
    (folder / "gerrit").write_text("key")
    (folder / "known_hosts").write_text("[localhost]:29418 ssh-ed25519 AAAAknown\n")

    def run(version: str = "echo gerrit version 3.11.0", stream: str = "exec sleep 60") -> dict[str, Any]:
        texts = {"ssh": SSH.format(version=version, stream=stream), "git": GIT, "ssh-keyscan": SCAN, "runuser": RUNUSER}
        for name, text in texts.items():
            # The environment of the programs is made anew: only their text can know the log.
            (programs / name).write_text(text.replace("$LOG", str(log)))
            (programs / name).chmod(0o755)
        request = asking.request(review_site) | {"folder": str(folder)}
        done = subprocess.run(
            [sys.executable, "-I", "-"],
            input=asking.program(request),
            env={"PATH": f"{programs}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=True,
        )
        facts: dict[str, Any] = json.loads(done.stdout)
        return facts | {"log": log.read_text() if log.exists() else ""}

    return run


def test_it_asks_as_zuul_with_zuuls_key_and_known_hosts_and_nothing_that_changes_anything(
    ask: Ask, tmp_path: Path, fake: FakeGerrit
) -> None:
    facts = ask()
    ssh = f"ssh -F {tmp_path}/home/.ssh/config -i {tmp_path}/home/.ssh/gerrit"
    lines = facts["log"].splitlines()
    assert {line for line in lines if line.startswith("ssh")} == {
        f"{ssh} -p 29418 zuul@localhost gerrit {command}" for command in ("version", "ls-projects", "stream-events")
    }
    (git,) = [line for line in lines if line.startswith("git")]
    assert git == (f"git ls-remote --heads ssh://zuul@localhost:29418/packaging/hello by {ssh} in {tmp_path}/home")
    assert fake.writes() == []


def test_a_stream_that_goes_on_is_allowed_and_ended_soon(ask: Ask) -> None:
    begun = time.monotonic()
    assert ask()["stream"] == {"status": None, "err": ""}
    assert time.monotonic() - begun < 20


def test_a_stream_that_is_refused_says_why(ask: Ask) -> None:
    found = ask(stream="echo stream events not permitted >&2; exit 1")["stream"]
    assert (found["status"], found["err"].strip()) == (1, "stream events not permitted")


def test_where_the_host_key_is_not_believed_it_looks_at_what_is_shown(ask: Ask) -> None:
    facts = ask(version="echo Host key verification failed. >&2; exit 255")
    assert "AAAAshown" in facts["shown"]
    assert "AAAAknown" in facts["known"]
    assert "stream" not in facts


def test_it_sees_what_anybody_sees_and_how_late_it_is_there(ask: Ask, fake: FakeGerrit) -> None:
    def answer(handler: Any) -> bool:
        if handler.path == "/config/server/version":
            return bool(handler._json("3.11.0"))
        if handler.path == "/projects/packaging%2Fhello":
            return bool(handler._json({"labels": {}}))
        return False

    fake.wrong = answer
    facts = ask()
    assert facts["web"]["data"] == "3.11.0"
    assert abs(facts["web"]["ahead"]) < 5
    assert facts["pages"]["packaging/hello"]["project"]["data"] == {"labels": {}}
    assert facts["pages"]["packaging/hello"]["change"]["status"] == 403


def test_a_host_without_zuuls_key_is_told_of(review_site: Site) -> None:
    class Host:
        host = review_site.host("zuul01")

        def run(self, command: str, *, stdin: bytes, timeout: float) -> Completed:
            return Completed(0, '{"installed": false}\n', "")

    with pytest.raises(HostError, match="Zuul's key") as raised:
        asking.ask(Host(), review_site)  # type: ignore[arg-type]
    assert raised.value.hint == "pkgci bootstrap --host zuul01"


def test_a_program_that_breaks_off_says_its_last_word(review_site: Site) -> None:
    class Host:
        host = review_site.host("zuul01")

        def run(self, command: str, *, stdin: bytes, timeout: float) -> Completed:
            return Completed(1, "", "sh: 1: python3: not found\n")

    with pytest.raises(HostError, match="python3: not found"):
        asking.ask(Host(), review_site)  # type: ignore[arg-type]

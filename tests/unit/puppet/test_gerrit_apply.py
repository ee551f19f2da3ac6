"""gerrit-apply: a new Gerrit, restarts that are needed, upgrades, and the way back. Gerrit itself is played here."""

from __future__ import annotations

import getpass
import json
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.unit.puppet.conftest import MANIFESTS

LIBRARY = MANIFESTS / "site-modules/gerrit/files"


@pytest.fixture(scope="module", autouse=True)
def library() -> Iterator[None]:
    sys.path.insert(0, str(LIBRARY))
    yield
    sys.path.remove(str(LIBRARY))


@dataclass
class Gerrit:
    """A Gerrit: which WARs and settings it comes up with, and what was done with it, in order."""

    settings: Any
    does_not_start: str = ""
    fails: str = ""
    runs: bool = False
    did: list[str] = field(default_factory=list)

    def active(self) -> bool:
        return self.runs

    def stop(self) -> None:
        self.runs = False
        self.did.append("stop")

    def start(self) -> bool:
        seen = self.settings.current.resolve().name + (self.settings.site / "etc/gerrit.config").read_text()
        self.runs = not (self.does_not_start and self.does_not_start in seen)
        self.did.append("start" if self.runs else "start fails")
        return self.runs

    def run(self, *words: str) -> bool:
        self.did.append(words[0])
        if words[0] == "init":
            for name in ("All-Projects", "All-Users"):
                (self.settings.site / f"git/{name}.git").mkdir(parents=True, exist_ok=True)
                (self.settings.site / f"git/{name}.git/version").write_text(self.settings.current.resolve().name)
            config = self.settings.site / "etc/gerrit.config"
            config.write_text(config.read_text() + "[container]\n\tadded = by init\n")
            (self.settings.site / "index").mkdir(exist_ok=True)
            (self.settings.site / "index/made-by").write_text(self.settings.current.resolve().name)
        return words[0] != self.fails


@pytest.fixture
def wanted(tmp_path: Path) -> Any:
    """What Puppet wrote: WAR `one`, some settings, a key, a plugin."""
    from gerrit_apply.wanted import Settings  # type: ignore[import-not-found]

    for name in ("site", "etc", "units", "state/wars", "state/plugins"):
        (tmp_path / name).mkdir(parents=True)
    for name, text in {
        "gerrit.config": "[gerrit]\n\tbasePath = git\n",
        "secure.config": "[auth]\n\tkey = secret\n",
        "ssh_host_ed25519_key": "the key\n",
        "gerrit.service": "[Service]\nExecStart=java -Xmx1g\n",
    }.items():
        (tmp_path / "etc" / name).write_text(text)
    for name in ("one", "two"):
        (tmp_path / f"state/wars/{name}.war").write_text(name)
    (tmp_path / "state/plugins/oauth.jar").write_text("a plugin")
    return Settings(
        site=tmp_path / "site",
        user=getpass.getuser(),
        wanted=tmp_path / "etc",
        state=tmp_path / "state",
        war=tmp_path / "state/wars/one.war",
        java="java",
        heap=512,
        port=8081,
        ssh=29418,
        units=tmp_path / "units",
    )


@pytest.fixture
def gerrit(wanted: Any) -> Gerrit:
    """A Gerrit that was made of the WAR `one`, and runs."""
    made = Gerrit(wanted)
    apply(wanted, made)
    made.did.clear()
    return made


def apply(settings: Any, service: Gerrit) -> None:
    from gerrit_apply.work import apply as real

    service.settings = settings
    real(settings, service)


def check(settings: Any) -> bool:
    from gerrit_apply.wanted import nothing_to_do

    return bool(nothing_to_do(settings))


def with_war(settings: Any, name: str) -> Any:
    from dataclasses import replace

    return replace(settings, war=settings.war.with_name(f"{name}.war"))


def refused(settings: Any, service: Gerrit) -> str:
    from gerrit_apply.wanted import ApplyError

    with pytest.raises(ApplyError) as error:
        apply(settings, service)
    return str(error.value)


def etc(settings: Any, name: str = "gerrit.config") -> str:
    return str((settings.site / "etc" / name).read_text())


def test_a_new_gerrit_is_made_once_and_started(wanted: Any) -> None:
    made = Gerrit(wanted)
    assert not check(wanted)
    apply(wanted, made)
    assert made.did == ["init", "start"]
    assert check(wanted)


def test_its_settings_are_those_that_are_wanted_whatever_init_made_of_them(wanted: Any, gerrit: Gerrit) -> None:
    assert "by init" not in etc(wanted)
    assert etc(wanted).startswith("[gerrit]\n\tbasePath = git\n")
    assert (wanted.site / "etc/secure.config").stat().st_mode & 0o777 == 0o600
    assert (wanted.site / "plugins/oauth.jar").read_text() == "a plugin"


def test_the_identity_in_its_changes_never_changes(wanted: Any, gerrit: Gerrit) -> None:
    before = [line for line in etc(wanted).splitlines() if "serverId" in line]
    assert len(before) == 1
    (wanted.wanted / "gerrit.config").write_text("[gerrit]\n\tbasePath = git\n[user]\n\tname = Other\n")
    (wanted.state / "server-id").unlink(missing_ok=True)
    apply(wanted, gerrit)
    assert before[0] in etc(wanted).splitlines()


def test_nothing_is_done_to_one_that_is_as_declared(wanted: Any, gerrit: Gerrit) -> None:
    assert check(wanted)
    assert gerrit.did == []


@pytest.mark.parametrize("name", ["gerrit.config", "secure.config", "ssh_host_ed25519_key", "gerrit.service"])
def test_what_is_read_at_start_restarts_it_once(wanted: Any, gerrit: Gerrit, name: str) -> None:
    (wanted.wanted / name).write_text("[user]\n\tname = Other\n")
    assert not check(wanted)
    apply(wanted, gerrit)
    assert gerrit.did == ["stop", "start"]
    assert check(wanted)


def test_what_somebody_changed_by_hand_is_put_right(wanted: Any, gerrit: Gerrit) -> None:
    (wanted.site / "etc/gerrit.config").write_text("[gerrit]\n")
    assert not check(wanted)
    apply(wanted, gerrit)
    assert check(wanted) and "basePath" in etc(wanted)


def test_a_plugin_that_is_no_longer_wanted_goes_and_other_peoples_stay(wanted: Any, gerrit: Gerrit) -> None:
    (wanted.site / "plugins/own.jar").write_text("somebody's")
    assert check(wanted)
    (wanted.state / "plugins/oauth.jar").unlink()
    apply(wanted, gerrit)
    assert [file.name for file in (wanted.site / "plugins").iterdir()] == ["own.jar"]


def test_settings_that_it_does_not_come_up_with_are_undone(wanted: Any, gerrit: Gerrit) -> None:
    before, unit = etc(wanted), (wanted.units / "gerrit.service").read_text()
    gerrit.does_not_start = "broken"
    (wanted.wanted / "gerrit.config").write_text("[auth]\n\ttype = broken\n")
    (wanted.wanted / "gerrit.service").write_text("[Service]\nExecStart=java -Xmx900g\n")
    assert "does not come up with these settings; what was there before is back, and runs" in refused(wanted, gerrit)
    assert gerrit.runs
    assert (etc(wanted), (wanted.units / "gerrit.service").read_text()) == (before, unit)


def test_what_was_rejected_does_not_stop_it_a_second_time(wanted: Any, gerrit: Gerrit) -> None:
    gerrit.does_not_start = "broken"
    (wanted.wanted / "gerrit.config").write_text("[auth]\n\ttype = broken\n")
    refused(wanted, gerrit)
    gerrit.did.clear()
    assert not check(wanted)
    assert "not tried again until something else is wanted" in refused(wanted, gerrit)
    assert gerrit.did == [] and gerrit.runs
    (wanted.wanted / "gerrit.config").write_text("[auth]\n\ttype = mended\n")
    apply(wanted, gerrit)
    assert check(wanted)


def test_another_war_is_an_upgrade_with_a_new_index(wanted: Any, gerrit: Gerrit) -> None:
    newer = with_war(wanted, "two")
    apply(newer, gerrit)
    assert gerrit.did == ["stop", "init", "reindex", "start"]
    assert newer.current.resolve().name == "two.war"
    assert (newer.site / "index/made-by").read_text() == "two.war"
    assert check(newer)


def test_the_war_before_stays_for_a_way_back_and_older_ones_go(wanted: Any, gerrit: Gerrit) -> None:
    apply(with_war(wanted, "two"), gerrit)
    (wanted.war.parent / "three.war").write_text("three")
    apply(with_war(wanted, "three"), gerrit)
    assert sorted(file.name for file in wanted.war.parent.iterdir()) == ["three.war", "two.war"]


@pytest.mark.parametrize("fails", ["init", "reindex", "start"])
def test_an_upgrade_that_fails_leaves_the_old_one_running(wanted: Any, gerrit: Gerrit, fails: str) -> None:
    before = etc(wanted)
    if fails == "start":
        gerrit.does_not_start = "two.war"
    else:
        gerrit.fails = fails
    said = refused(with_war(wanted, "two"), gerrit)
    assert "two.war does not take over" in said and "what was there before is back, and runs" in said
    assert gerrit.runs and gerrit.did[-1] == "start"
    assert wanted.current.resolve().name == "one.war"
    assert (wanted.site / "git/All-Projects.git/version").read_text() == "one.war"
    assert (wanted.site / "index/made-by").read_text() == "one.war"
    assert etc(wanted) == before
    # The old WAR is the wanted one again, and there is nothing to do.
    assert check(wanted)


def test_one_that_comes_back_from_a_backup_gets_its_index_and_keeps_its_changes(wanted: Any, gerrit: Gerrit) -> None:
    for name in ("applied", "current.war"):
        (wanted.state / name).unlink()
    (wanted.site / "git/mine.git").mkdir()
    apply(wanted, gerrit)
    assert gerrit.did == ["stop", "init", "reindex", "start"]
    assert (wanted.site / "git/mine.git").is_dir() and check(wanted)


def test_one_whose_making_was_cut_short_is_made_to_the_end(wanted: Any) -> None:
    made = Gerrit(wanted, does_not_start="one.war")
    assert "does not come up" in refused(wanted, made)
    made.does_not_start = ""
    made.did.clear()
    apply(wanted, made)
    assert made.did == ["init", "start"] and check(wanted)


def test_nothing_of_a_secret_is_remembered(wanted: Any, gerrit: Gerrit) -> None:
    assert "secret" not in json.dumps((wanted.state / "applied").read_text())


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
    from dataclasses import replace

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
    from dataclasses import replace

    from gerrit_apply.service import wait

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        Thread(target=lambda: listening.accept()[0].sendall(b"SSH-2.0-x\r\n"), daemon=True).start()
        assert wait(replace(waiting, ssh=port)) == 0


def test_one_whose_process_is_gone_is_not_waited_for(
    wanted: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    from gerrit_apply.service import wait

    monkeypatch.setenv("MAINPID", "999999999")
    assert wait(replace(wanted, port=1, ssh=1)) == 1
    assert "has ended while it started" in capsys.readouterr().err

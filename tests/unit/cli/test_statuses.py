"""Each exit status means one thing, whichever command ends with it; with --json an error is an object, too."""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from pkgci.cli import bootstrap, validate
from pkgci.cli.connect import status_of
from pkgci.cli.main import run
from pkgci.cli.signals import Ended
from pkgci.deploy.items import ITEMS
from pkgci.deploy.journal import alone
from pkgci.errors import (
    DeclinedError,
    ExitStatus,
    LockedError,
    NothingReachedError,
    PkgciError,
    UsageError,
    status_of_all,
)
from pkgci.facts.runs import Running
from pkgci.model.load import load_site
from pkgci.pipelines import deploy as pipelines
from pkgci.puppetrun import run as puppet
from pkgci.remote.errors import HostError, HostLockedError, UnreachableError
from pkgci.remote.keys import Keys
from tests.unit.cli.test_bootstrap import FAILED, GOOD, REPORT
from tests.unit.cli.walk import LEAVES, NAMES, arguments, options
from tests.unit.conftest import SITE

Capture = pytest.CaptureFixture[str]
Write = Callable[[str], Path]
WITH_SITE = [(name, command) for name, command in LEAVES if "--site" in options(command)]
KEYS = {"kind", "message", "place", "hint", "status"}


def line(name: str, *more: str) -> list[str]:
    return [*name.split(), *more]


@pytest.fixture
def site_file(write_site: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A site with secrets, of whose hosts and servers nobody answers."""

    def refused(*_: object, **__: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    (tmp_path / "id").write_text("")
    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr("pkgci.remote.connection.keys_for", lambda _: Keys(()))
    path = write_site(SITE)
    assert run(["secrets", "init", "--site", str(path)]) == 0
    return path


@pytest.mark.parametrize(("name", "command"), LEAVES, ids=NAMES)
def test_an_unknown_option_is_wrong_use_of_every_command(name: str, command: click.Command, capsys: Capture) -> None:
    if command.context_settings.get("ignore_unknown_options"):
        pytest.skip("it hands them on")
    more = ["--json"] if "--json" in options(command) else []
    assert run(line(name, "--no-such-option", *more, *arguments(command))) == ExitStatus.WRONG_USE
    if more:
        assert json.loads(capsys.readouterr().out)["kind"] == "usage"


@pytest.mark.parametrize(("name", "command"), WITH_SITE, ids=[name for name, _ in WITH_SITE])
def test_a_site_file_that_is_not_there_or_wrong_is_wrong_use_of_every_command(
    name: str, command: click.Command, tmp_path: Path, capsys: Capture
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("version: 1\nsite: [x]\n")
    more = ["--json"] if "--json" in options(command) else []
    for file in (tmp_path / "none.yaml", wrong):
        capsys.readouterr()
        assert run(line(name, "--site", str(file), *more, *arguments(command))) == ExitStatus.WRONG_USE
        shown = capsys.readouterr()
        assert str(file) in shown.err and "Traceback" not in shown.err
        if more:
            error = json.loads(shown.out)
            assert error.keys() >= KEYS and (error["kind"], error["status"]) == ("usage", 2)
            assert error["place"].startswith(str(file))


NEED_SECRETS = [
    "bootstrap",
    "bootstrap --noop",
    "deploy --yes",
    "deploy --plan",
    "deploy-jobs --plan",
    "render-hiera --reveal",
    "render-hiera --diff",
    "secrets list",
    "secrets show tls/ca",
    "secrets rotate tls/ca",
]


@pytest.mark.parametrize("command", NEED_SECRETS)
def test_a_site_without_its_secrets_is_not_ready_whatever_needs_them(
    command: str, write_site: Write, capsys: Capture
) -> None:
    path = write_site(SITE)
    assert run([*command.split(), "--site", str(path), "--json"]) == ExitStatus.WRONG_USE
    shown = capsys.readouterr()
    assert f"pkgci secrets init --site {path}" in shown.err
    assert f"pkgci secrets init --site {path}" in json.loads(shown.out)["hint"]


REACHING = [
    "verify-servers",
    "bootstrap",
    "bootstrap --noop",
    "render-hiera --diff",
    "verify-connectivity",
    "verify-review",
    "deploy-review --plan",
    "deploy-jobs --plan",
    "deploy-jobs",
    "deploy-pipelines --plan",
    "deploy-pipelines --yes",
    "deploy --yes",
    "publish list",
    "publish remove hello --yes",
    "publish rollback --yes",
    "status",
]


# The steps of a deploy are called with options that only some of them take.
REACHING += [f"deploy --yes --parallel 3 --accept-new-host-keys --from {item.name}" for item in ITEMS[3:]]


@pytest.mark.parametrize("command", REACHING)
def test_hosts_and_servers_that_nobody_reaches_are_one_status_of_every_command(
    command: str, site_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("pkgci.connectivity.run._PROBE_LIMIT", 0.1)
    assert run([*command.split(), "--site", str(site_file)]) == ExitStatus.NOTHING_REACHED
    capsys.readouterr()
    assert run([*command.split(), "--site", str(site_file), "--json"]) == ExitStatus.NOTHING_REACHED
    json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("command", ["deploy", "secrets rotate release-key", "bootstrap --purge"])
def test_a_no_is_said_as_one(command: str, site_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    for stream in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "confirm", lambda *_, **__: False)
    assert run([*command.split(), "--site", str(site_file)]) == ExitStatus.DECLINED
    assert "nothing was done" in capsys.readouterr().err


def test_two_at_once_are_told_apart_from_what_is_not_as_declared(site_file: Path, capsys: Capture) -> None:
    with alone(load_site(site_file)):
        assert run(["deploy", "--yes", "--json", "--site", str(site_file)]) == ExitStatus.LOCKED
        assert json.loads(capsys.readouterr().out)["kind"] == "locked"
        assert run(["deploy", "--plan", "--site", str(site_file)]) == ExitStatus.NOT_AS_DECLARED


def test_a_file_that_cannot_be_written_is_wrong_use(site_file: Path, capsys: Capture) -> None:
    junit = site_file / "no" / "folder.xml"
    assert run(["verify-servers", "--site", str(site_file), "--junit", str(junit), "--json"]) == ExitStatus.WRONG_USE
    assert str(junit) in json.loads(capsys.readouterr().out)["message"]


def test_a_fault_of_pkgcis_own_is_its_own_status_and_its_traceback_is_in_the_log(
    site_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("a fault")

    monkeypatch.setattr("pkgci.model.load.load_strictly", broken)
    assert run(["validate", "--json", "--site", str(site_file)]) == ExitStatus.INTERNAL
    shown = capsys.readouterr()
    assert json.loads(shown.out)["kind"] == "internal"
    assert "Traceback" not in shown.err
    (log,) = (site_file.parent / ".pkgci/logs").glob("*-validate-*.log")
    assert "KeyError: 'a fault'" in log.read_text() and str(log) in shown.err


def test_without_a_site_the_traceback_of_a_fault_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(validate.command, "callback", lambda **_: 1 / 0)
    assert run(["validate", "--site", "/nowhere/site.yaml"]) == ExitStatus.INTERNAL
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PkgciError("x"), 1),
        (UsageError("x"), 2),
        (NothingReachedError("x"), 3),
        (DeclinedError(), 4),
        (LockedError("x"), 5),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_what_is_raised_is_what_the_command_ends_with(
    error: BaseException, status: int, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def raises(**_: object) -> None:
        raise error

    monkeypatch.setattr(validate.command, "callback", raises)
    assert run(["validate", "--json"]) == status
    told = json.loads(capsys.readouterr().out)
    assert told.keys() >= KEYS
    assert (told["status"], told["kind"]) == (status, ExitStatus(status).kind)


@pytest.mark.parametrize(("cause", "status"), [(KeyboardInterrupt(), 130), (Ended(signal.SIGTERM), 143)])
def test_an_end_in_the_middle_has_the_signals_status_and_says_what_goes_on(
    cause: BaseException, status: int, site_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def ended(*_: object, **__: object) -> None:
        raise cause

    monkeypatch.setattr("pkgci.cli.bootstrap_leaving.in_turn", ended)
    line = ["bootstrap", "--host", "zuul01", "--site", str(site_file)]
    assert run([*line, "--json"]) == status
    shown = capsys.readouterr()
    assert f"pkgci bootstrap --site {site_file} --host zuul01" in shown.err
    told = json.loads(shown.out)
    assert (told["kind"], told["status"]) == ("interrupted", status)


def test_a_host_that_somebody_else_is_applying_to_is_locked_and_not_failed(
    site_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    running = Running("run", {"operator": "bob@there", "started": "12:00:00 UTC"})
    monkeypatch.setattr(puppet, "ask_state", lambda *_: SimpleNamespace(running=running))
    monkeypatch.setattr("pkgci.cli.bootstrap_keys.learn", lambda *_, **__: {})
    monkeypatch.setattr(puppet, "check_way_in", lambda *_: None)
    session = SimpleNamespace(client_address="192.0.2.1")
    monkeypatch.setattr("pkgci.remote.session.open_session", lambda *_, **__: nullcontext(session))
    assert run(["bootstrap", "--site", str(site_file), "--host", "zuul01"]) == ExitStatus.LOCKED
    shown = capsys.readouterr()
    assert "bob@there is applying to it" in shown.err and "locked" in shown.out


def test_zuul_that_somebody_else_deploys_to_is_locked(site_file: Path) -> None:
    host = load_site(site_file).host("zuul01")
    plan: Any = None
    with pytest.raises(HostLockedError, match="bob is deploying pipelines"):
        pipelines._judge(host, plan, plan, {"end": "locked", "holder": "bob"})


PENDING = replace(GOOD, report=replace(REPORT, noop=True, pending=3))
LOCKED = HostLockedError("pub01", "alice is applying to it")
AWAY = UnreachableError("log01", "it does not answer")


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([GOOD], 0),
        ([GOOD, FAILED], 1),
        ([GOOD, PENDING], 1),
        ([replace(GOOD, report=replace(REPORT, noop=True))], 0),
        ([AWAY], 3),
        ([AWAY, AWAY], 3),
        ([GOOD, AWAY], 1),
        ([AWAY, FAILED], 1),
        ([LOCKED], 5),
        ([GOOD, LOCKED], 5),
        ([LOCKED, AWAY], 1),
        ([HostError("x", "broken")], 1),
    ],
)
def test_what_many_hosts_came_to_is_one_status(results: list[Any], status: int) -> None:
    assert status_of({f"host{number}": one for number, one in enumerate(results)}) == status


def test_nothing_done_is_done() -> None:
    assert status_of_all([]) is ExitStatus.AS_DECLARED


@pytest.mark.parametrize(("noop", "pending", "status"), [(True, 2, 1), (True, 0, 0), (False, 0, 0)])
def test_a_noop_run_with_changes_pending_is_not_as_declared(
    site_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, noop: bool, pending: int, status: int
) -> None:
    result = replace(GOOD, report=replace(REPORT, noop=noop, pending=pending))
    monkeypatch.setattr("pkgci.remote.session.open_session", lambda *_, **__: nullcontext())
    monkeypatch.setattr(puppet, "apply", lambda *_: result)
    monkeypatch.setattr("pkgci.cli.bootstrap_keys.learn", lambda *_, **__: {})
    monkeypatch.setattr("pkgci.remote.session.open_session", lambda *_, **__: nullcontext())
    options = ["--noop"] if noop else []
    assert run(["bootstrap", "--site", str(site_file), "--host", "zuul01", *options]) == status
    capsys.readouterr()
    run(["bootstrap", "--site", str(site_file), "--host", "zuul01", "--json", *options])
    told = json.loads(capsys.readouterr().out)["zuul01"]
    assert (told["kind"], told["ok"], told["status"]) == ("run", True, status)


def test_the_help_has_every_status_with_its_meaning(capsys: Capture) -> None:
    assert run(["--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for status in ExitStatus:
        assert f"{int(status)} {status.meaning}" in text


def test_each_status_has_a_number_a_kind_and_a_meaning_of_its_own() -> None:
    for get in (int, lambda status: status.kind, lambda status: status.meaning):
        assert len({get(status) for status in ExitStatus}) == len(ExitStatus)


def test_json_is_asked_for_before_the_words_of_another_program_only() -> None:
    from pkgci.cli.failure import wants_json
    from pkgci.cli.main import pkgci

    assert wants_json(pkgci, ["status", "--json"])
    assert not wants_json(pkgci, ["lab", "exec", "zuul01", "--", "pkgci", "--json"])
    assert not wants_json(pkgci, ["lab", "ssh", "zuul01", "x", "--json"])
    assert wants_json(pkgci, ["publish", "list", "--json"]) and bootstrap.command is not None

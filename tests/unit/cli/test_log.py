"""The log of a command: what was done on which host, how long, how many bytes; never a secret, never in the way."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pkgci.cli import log_file
from pkgci.cli.log import log_folder, start_logging, stop_logging
from pkgci.cli.main import run
from pkgci.remote.connection import open_link
from pkgci.remote.log import logged, logged_run, logged_stream
from pkgci.remote.session import Completed, Session
from pkgci.secrets.store import SecretStore
from tests.unit.conftest import SITE

Capture = pytest.CaptureFixture[str]
HOST: Any = SimpleNamespace(host=SimpleNamespace(name="zuul01"))


@logged_run
def ran(session: Session, command: str, /, *, stdin: bytes = b"", timeout: float = 1.0) -> Completed:
    return Completed(3, "four", "é")


@logged_stream
def followed(session: Session, command: str, /, *, stdin: bytes = b"") -> Generator[str, None, Completed]:
    yield "one"
    yield "two"
    return Completed(0, "", "")


@pytest.fixture
def site_file(write_site: Callable[[str], Path]) -> Path:
    return write_site(SITE)


@pytest.fixture(autouse=True)
def ended() -> Generator[None, None, None]:
    yield
    stop_logging()


def logs(site_file: Path) -> list[Path]:
    folder = log_folder(site_file)
    return sorted(folder.iterdir()) if folder.exists() else []


def test_each_command_on_a_host_is_a_line_with_the_host_the_time_and_the_bytes(site_file: Path) -> None:
    start_logging(site_file, "status", 0)
    ran(HOST, "echo 'a b'\nnext", stdin=b"12345", timeout=2)
    assert list(followed(HOST, "tail")) == ["one", "two"]
    stop_logging(1)
    (file,) = logs(site_file)
    text = file.read_text()
    assert re.search(r"Z INFO zuul01: run status=3 sent=5 received=6 seconds=\d+\.\d{3} command='echo", text)
    assert re.search(r"zuul01: follow sent=0 received=8 status=0 seconds=\S+ command=tail\n", text)
    assert text.rstrip().endswith("ended with exit status 1")
    assert re.match(r"\d{8}T\d{6}-status-\d+\.log", file.name)


def test_with_one_v_each_command_is_one_short_line_and_with_two_it_is_whole(site_file: Path, capsys: Capture) -> None:
    script = "LC_ALL=C\n" + "echo a\n" * 100
    for verbose, lines in ((1, 1), (2, 100)):
        start_logging(site_file, "status", verbose)
        ran(HOST, script)
        stop_logging()
        shown = [line for line in capsys.readouterr().err.splitlines() if "begins" not in line]
        assert len(shown) == 1 if lines == 1 else len(shown) > lines
        assert "zuul01: run status=3" in "".join(shown)
    assert "echo a" in logs(site_file)[0].read_text()


@pytest.mark.parametrize("verbose", ["-v", "-vv"])
def test_what_ended_a_command_is_said_once_however_much_is_shown(
    site_file: Path, verbose: str, capsys: Capture
) -> None:
    assert run(["secrets", "init", "--site", str(site_file)]) == 0
    (site_file.parent / "site.yaml").write_text(SITE + "ssh: {key: missing}\n")
    capsys.readouterr()
    assert run(["deploy-pipelines", "--plan", verbose, "--site", str(site_file)]) == 3
    lines = capsys.readouterr().err.splitlines()
    assert sum("missing" in line and "connect" not in line for line in lines) == 1, lines
    assert "ERROR zuul01" in logs(site_file)[-1].read_text()


def test_the_sessions_and_connections_are_those_that_are_logged() -> None:
    for function in (Session.run, Session.stream, open_link):
        assert hasattr(function, "__wrapped__")


def test_what_fails_is_logged_with_why(site_file: Path) -> None:
    start_logging(site_file, "status", 0)
    with pytest.raises(OSError, match="gone"), logged("pub01", "connect", "root@192.0.2.1"):
        raise OSError("gone away")
    stop_logging()
    assert re.search(r"pub01: connect failed='gone away' seconds=\S+ root@192\.0\.2\.1", logs(site_file)[0].read_text())


def test_a_disk_without_room_for_the_log_is_told_once_and_stops_no_command(site_file: Path) -> None:
    program = (
        "import logging, resource; from pathlib import Path; from pkgci.cli import log\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        f"log.start_logging(Path({str(site_file)!r}), 'status', 0)\n"
        "for _ in range(3): logging.getLogger('pkgci').info('connected')\n"
        "log.stop_logging(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert "no log is written" in line


def test_a_log_is_its_owners_alone_whatever_the_umask(site_file: Path) -> None:
    before = os.umask(0)
    try:
        start_logging(site_file, "status", 0)
        ran(HOST, "true")
    finally:
        os.umask(before)
    (file,) = logs(site_file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert log_folder(site_file).stat().st_mode & 0o777 == 0o700


def test_no_log_and_no_screen_shows_a_secret(site_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert run(["secrets", "init", "--site", str(site_file)]) == 0
    monkeypatch.setenv("PKGCI_GERRIT_PASSWORD", "gerrits-own-word")
    store = SecretStore.open(site_file.parent / "secrets")
    password = store.secret("jenkins_master/admin_password")
    key = store.secret("zuul/gerrit_ssh_key").splitlines()[2]
    capsys.readouterr()
    start_logging(site_file, "status", 2)
    ran(HOST, f"login {password} {key} gerrits-own-word")
    stop_logging()
    for text in (logs(site_file)[-1].read_text(), capsys.readouterr().err):
        assert "<secret jenkins_master/admin_password>" in text
        for secret in (password, key, "gerrits-own-word"):
            assert secret not in text


def test_a_command_that_reaches_nobody_leaves_no_log(site_file: Path) -> None:
    for command in ("validate", "topology", "order-servers"):
        assert run([command, "--site", str(site_file)]) == 0
    assert not (site_file.parent / ".pkgci").exists()


def test_a_site_file_that_is_not_there_gets_no_folder_for_logs(tmp_path: Path) -> None:
    assert run(["status", "--site", str(tmp_path / "none" / "site.yaml")]) == 2
    assert not (tmp_path / "none").exists()


def test_only_the_latest_logs_stay_and_what_is_no_log_stays_too(
    site_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = log_folder(site_file)
    folder.mkdir(parents=True)
    (folder / "notes.log").write_text("mine")
    for day in range(10, 20):
        (folder / f"202601{day}T000000-status-7.log").write_text("old")
    monkeypatch.setattr(log_file, "KEPT", 4)
    start_logging(site_file, "status", 0)
    ran(HOST, "true")
    names = [file.name for file in logs(site_file)]
    assert len(names) == 5 and "notes.log" in names
    assert "20260119T000000-status-7.log" in names and "20260110T000000-status-7.log" not in names


def test_a_long_log_is_begun_anew_and_only_the_part_before_is_kept(
    site_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "LONGEST", 2000)
    start_logging(site_file, "deploy", 0)
    for number in range(100):
        ran(HOST, f"command {number}")
    stop_logging()
    files = logs(site_file)
    assert len(files) == 2
    assert all(file.stat().st_size < 2200 and file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert "command 99" in "".join(file.read_text() for file in files)


@pytest.mark.parametrize("blocked", [".pkgci", ".pkgci/logs"])
def test_a_log_that_cannot_be_written_is_a_warning_and_no_more(site_file: Path, blocked: str, capsys: Capture) -> None:
    place = site_file.parent / blocked
    place.parent.mkdir(exist_ok=True)
    place.write_text("in the way")
    start_logging(site_file, "status", 0)
    for _ in range(3):
        assert ran(HOST, "true").status == 3
    stop_logging(0)
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1 and "no log" in err and "Traceback" not in err


def test_a_full_disk_ends_the_log_and_not_the_command(
    site_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    start_logging(site_file, "status", 0)
    ran(HOST, "true")
    monkeypatch.setattr(log_file.LogFile, "flush", _full)
    for _ in range(2):
        assert ran(HOST, "true").status == 3
    monkeypatch.undo()
    assert capsys.readouterr().err.count("No space left") == 1


def _full(_: object) -> None:
    raise OSError(28, "No space left on device")


def test_v_shows_a_line_when_something_was_done_and_vv_all_of_it(site_file: Path, capsys: Capture) -> None:
    long = "x" * 500
    shown = []
    for verbose in range(3):
        start_logging(site_file, "status", verbose)
        ran(HOST, long)
        stop_logging()
        shown.append(capsys.readouterr().err)
    assert shown[0] == ""
    assert len(shown[1].splitlines()) == 1 and len(shown[1]) < 200
    assert len(shown[2].splitlines()) == 2 and long in shown[2]


def test_what_a_host_said_tells_no_terminal_and_no_reader_of_the_log_anything(site_file: Path, capsys: Capture) -> None:
    start_logging(site_file, "status", 1)
    with pytest.raises(OSError, match="x"), logged("pub01", "connect"):
        raise OSError("x\x1b]0;title\x07\n2026-01-01T00:00:00.000Z INFO zuul01: forged")
    stop_logging()
    text = logs(site_file)[0].read_text()
    assert "\x1b" not in text + capsys.readouterr().err
    assert not re.search(r"^2026-01-01T", text, re.MULTILINE)

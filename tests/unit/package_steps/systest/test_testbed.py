"""autopkgtest's talk with the test bed; here a system is a folder of this machine, and every one of them is new."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from pkgci_steps.systest import testbed

PROGRAM = Path(testbed.__file__)
# Runs a command here, but for those that are systemd's affair; the first word is the system's number.
INSIDE = """#!/bin/sh
number=$1
shift
case $1 in
systemctl) echo running;;
number) echo "$number";;
*) exec "$@";;
esac
"""


class Systems:
    """Whoever boots systems, and what was asked of it."""

    def __init__(self, place: Path) -> None:
        self.asked: list[str] = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(place))
        self.listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.asked.append(connection.makefile().readline().strip())
                words = ["sh", "inside", str(len(self.asked))]
                connection.sendall(f"{json.dumps(words)}\n".encode())


@pytest.fixture
def systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systems]:
    monkeypatch.chdir(tmp_path)
    Path("inside").write_text(INSIDE)
    made = Systems(Path("bed"))
    yield made
    made.listener.close()


def talk(*lines: str) -> list[str]:
    """What it answers to ``lines``, once it is open."""
    return whole_talk("open", *lines)[2:]


def whole_talk(*lines: str) -> list[str]:
    said = subprocess.run(
        [sys.executable, "-I", str(PROGRAM), "bed", "root-on-testbed", "revert"],
        input="".join(f"{line}\n" for line in (*lines, "quit")),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "TMPDIR": "."},
    )
    return said.stdout.splitlines()


def number(line: str) -> str:
    """Which system a way in leads to now."""
    words = [unquote(word) for word in line.removeprefix("ok ").split(",")]
    return subprocess.run([*words, "number"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def test_it_says_what_it_can_do(systems: Systems) -> None:
    assert talk("capabilities") == ["ok root-on-testbed revert"]


def test_each_revert_leads_to_another_system(systems: Systems) -> None:
    way, folder = talk("print-execute-command", "revert")
    assert number(way) == "2"
    assert Path(folder.split()[1]).is_dir()
    assert systems.asked == ["fresh", "fresh"]


def test_a_reboot_keeps_the_system_and_the_way_into_it_that_was_told_before(systems: Systems) -> None:
    way, done = talk("print-execute-command", "reboot")
    assert (done, number(way)) == ("ok", "2")
    assert systems.asked == ["fresh", "again"]


def test_a_test_that_prepared_a_reboot_is_told_to_go_on(
    systems: Systems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "mark"
    mark.touch()
    program = tmp_path / "testbed.py"
    program.write_text(PROGRAM.read_text().replace(testbed._PREPARED, str(mark)))
    monkeypatch.setitem(globals(), "PROGRAM", program)
    assert talk("reboot prepare-only") == ["ok"]
    assert not mark.exists()


def test_a_system_that_cannot_be_had_is_told_as_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert whole_talk("open") == ["ok", "failed"]


def test_an_opened_folder_is_gone_when_it_is_closed(systems: Systems) -> None:
    revert, _ = talk("revert", "close")
    assert not Path(revert.split()[1]).exists()


def test_files_and_folders_go_there_and_back(systems: Systems, tmp_path: Path) -> None:
    source, there, back = tmp_path / "a b", tmp_path / "there", tmp_path / "back"
    (source / "deep").mkdir(parents=True)
    (source / "deep/run").write_text("#!/bin/sh\n")
    (source / "deep/run").chmod(0o755)
    copies = [
        f"copydown {quote(f'{source}/')} {there}/",
        f"copyup {there}/ {back}/",
        f"copyup {there}/deep/run {tmp_path}/one",
    ]
    assert talk(*copies) == ["ok"] * 3
    assert (back / "deep/run").stat().st_mode & 0o111
    assert (tmp_path / "one").read_text() == "#!/bin/sh\n"


def test_a_copy_of_nothing_is_told_as_failed(systems: Systems, tmp_path: Path) -> None:
    assert talk(f"copyup {tmp_path}/none {tmp_path}/x") == ["failed"]

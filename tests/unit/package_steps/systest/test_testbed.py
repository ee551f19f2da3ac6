"""autopkgtest's talk with a system that runs already; here the system is a folder of this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from pkgci_steps.systest import testbed

PROGRAM = Path(testbed.__file__)


def talk(*lines: str) -> list[str]:
    said = subprocess.run(
        [sys.executable, "-I", str(PROGRAM), "root-on-testbed", "isolation-container", "--", "env", "INSIDE=1"],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return said.stdout.splitlines()


def test_it_says_what_it_can_do_and_how_commands_get_in() -> None:
    assert talk("capabilities", "print-execute-command", "quit") == [
        "ok",
        "ok root-on-testbed isolation-container",
        "ok env,INSIDE%3D1",
    ]


def test_an_opened_folder_is_gone_when_it_is_closed() -> None:
    folder = Path(talk("open", "close", "quit")[1].split()[1])
    assert not folder.exists()


def test_files_and_folders_go_there_and_back(tmp_path: Path) -> None:
    source, there, back = tmp_path / "a b", tmp_path / "there", tmp_path / "back"
    (source / "deep").mkdir(parents=True)
    (source / "deep/run").write_text("#!/bin/sh\n")
    (source / "deep/run").chmod(0o755)
    copies = [
        f"copydown {quote(f'{source}/')} {there}/",
        f"copyup {there}/ {back}/",
        f"copyup {there}/deep/run {tmp_path}/one",
    ]
    assert talk(*copies, "quit") == ["ok"] * 4
    assert (back / "deep/run").stat().st_mode & 0o111
    assert (tmp_path / "one").read_text() == "#!/bin/sh\n"


def test_a_copy_of_nothing_is_told_as_failed(tmp_path: Path) -> None:
    assert talk(f"copyup {tmp_path}/none {tmp_path}/x", "quit") == ["ok", "failed"]

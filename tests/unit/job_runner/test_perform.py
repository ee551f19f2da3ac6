"""pkgci-job at work, with git, and with a program in rsync's place that keeps what it is given."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

LOG_PATH = "12/12/3/check/hello/0123abc"
PROGRAM = Path(__file__).parents[3] / "puppet/site-modules/job_runner/files/pkgci_job.py"


class Slave:
    """A place for pkgci-job to work in: a workspace, and a log server that is a folder."""

    def __init__(self, folder: Path) -> None:
        self.workspace, self.kept, self._folder = folder / "workspace", folder / "kept", folder
        self.workspace.mkdir()
        self.kept.mkdir()
        self.receive("cp -r . " + str(self.kept))
        server = {"host": "log01", "port": 22, "user": "logs", "key": "/k", "known_hosts": "/h"}
        (folder / "job.json").write_text(json.dumps({"log_server": server}))

    def receive(self, command: str) -> None:
        """Puts a shell command in rsync's place, which runs in the folder that is uploaded."""
        program = self._folder / "bin/rsync"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{command}\n")
        program.chmod(0o755)

    def start(self, step: str, commit: str, **more: str) -> subprocess.Popen[str]:
        """Starts a step, as the program's ``main`` would, but for where git and rsync lead."""
        start = (
            "import importlib.util as u, os, sys, pathlib\n"
            f"spec = u.spec_from_file_location('pkgci_job', {str(PROGRAM)!r})\n"
            "m = u.module_from_spec(spec); sys.modules['pkgci_job'] = m; spec.loader.exec_module(m)\n"
            "m.PARAMETERS['ZUUL_URL'] = '.*'; m.PAUSES = (0.0, 0.0); m.GRACE_SECONDS = 1.0\n"
            "plain, fetch = m.plain_environment, m.fetch\n"
            f"folder = {str(self._folder / 'bin')!r}\n"
            "m.plain_environment = lambda home: (e := plain(home)) | {'PATH': folder + ':' + e['PATH']}\n"
            "os.environ['PATH'] = m.plain_environment(pathlib.Path('/'))['PATH']\n"
            "m.fetch = lambda *given: fetch(*given[:5], 'file')\n"
            f"sys.exit(m.main(sys.argv[1:], os.environ, pathlib.Path({str(self._folder / 'job.json')!r})))\n"
        )
        environment = {
            "PATH": os.environ["PATH"],
            "WORKSPACE": str(self.workspace),
            "SECRET_OF_JENKINS": "s3cret",
            "ZUUL_URL": f"file://{self._folder}/p",
            "ZUUL_PROJECT": "packaging/hello",
            "ZUUL_REF": "refs/zuul/main/Z1",
            "ZUUL_COMMIT": commit,
            "LOG_PATH": LOG_PATH,
            **more,
        }
        return subprocess.Popen(
            [sys.executable, "-c", start, step],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, step: str, commit: str, **more: str) -> tuple[int, str]:
        """The exit status of a step, and what it printed."""
        process = self.start(step, commit, **more)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said

    @property
    def result(self) -> dict[str, Any]:
        result: dict[str, Any] = json.loads((self.kept / LOG_PATH / "result.json").read_text())
        return result

    @property
    def console(self) -> str:
        return (self.kept / LOG_PATH / "console.txt").read_text()


@pytest.fixture
def slave(tmp_path: Path) -> Slave:
    return Slave(tmp_path)


Change = Callable[[str | None], str]


def test_a_change_without_a_program_passes_and_says_that_there_was_nothing_to_do(slave: Slave, change: Change) -> None:
    commit = change(None)
    status, said = slave.run("build", commit)
    assert status == 0, said
    assert "there is nothing to do yet" in slave.console
    assert (slave.result["status"], slave.result["commit"]) == ("passed", commit)


def test_the_changes_own_program_decides_and_its_output_is_the_log(slave: Slave, change: Change) -> None:
    status, said = slave.run("build", change("#!/bin/sh\necho out\necho err >&2\nexit 3\n"))
    # 3 would be a fault of ours, which a change cannot claim.
    assert status == 1
    assert "out\nerr\n" in slave.console and "out\nerr\n" in said
    assert slave.result["reason"] == "ci/build ended with exit status 3"


def test_the_changes_program_sees_nothing_of_jenkins(slave: Slave, change: Change) -> None:
    slave.run("build", change("#!/bin/sh\nenv\n"), PKGCI_TARGET="trixie")
    assert "PKGCI_TARGET=trixie" in slave.console
    assert "s3cret" not in slave.console and "WORKSPACE" not in slave.console


def test_another_commit_than_zuul_named_is_not_run(slave: Slave, change: Change) -> None:
    change("#!/bin/sh\necho it ran\n")
    status, _ = slave.run("build", "f" * 40)
    assert status == 3
    assert "it ran" not in slave.console and "not ffff" in slave.result["reason"]


@pytest.mark.parametrize("step", ["publish", "promote"])
def test_nothing_of_a_change_reaches_the_publisher(slave: Slave, change: Change, step: str) -> None:
    commit = change("#!/bin/sh\necho it ran\n")
    status, said = slave.run(step, commit, ZUUL_URL="https://nowhere.invalid/p")
    assert (status, slave.result["commit"]) == (0, None)
    assert "fetching" not in said and not (slave.workspace / ".pkgci/tree").exists()


def test_a_change_that_cannot_be_fetched_is_tried_three_times_and_is_not_the_packages_fault(
    slave: Slave, change: Change
) -> None:
    status, said = slave.run("build", "f" * 40)
    assert status == 3
    assert said.count("trying again") == 2
    assert slave.result["status"] == "infrastructure"


@pytest.mark.parametrize(("program", "expected"), [("exit 0", 3), ("exit 1", 1)])
def test_a_log_that_cannot_be_kept_makes_a_pass_no_pass_and_leaves_a_failure(
    slave: Slave, change: Change, program: str, expected: int
) -> None:
    slave.receive("exit 12")
    status, said = slave.run("build", change(f"#!/bin/sh\n{program}\n"))
    assert status == expected
    assert "the log stays in this workspace" in said
    assert (slave.workspace / ".pkgci/upload" / LOG_PATH / "console.txt").exists()


def wait_for(path: Path) -> None:
    end = time.monotonic() + 20
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert path.exists()


@pytest.fixture
def endless(slave: Slave) -> Iterator[tuple[str, Path]]:
    """A program that ignores SIGTERM, has a child, and says in a file that it runs."""
    running = slave.workspace / "running"
    yield (
        f"#!/bin/sh\ntrap '' TERM\nsleep 600 &\necho $! > {running}.new; mv {running}.new {running}\nwait\nsleep 600\n",
        running,
    )


def test_a_stopped_step_ends_what_it_runs_and_still_keeps_its_log(
    slave: Slave, change: Change, endless: tuple[str, Path]
) -> None:
    process = slave.start("build", change(endless[0]))
    wait_for(endless[1])
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert slave.result["status"] == "aborted"
    stat = Path("/proc", endless[1].read_text().strip(), "stat")
    assert not stat.exists() or stat.read_text().split()[2] == "Z"


def test_what_an_earlier_build_left_goes_also_where_it_is_read_only(slave: Slave, change: Change) -> None:
    left = slave.workspace / ".pkgci/tree/deep"
    left.mkdir(parents=True)
    (left / "file").write_text("old")
    left.chmod(0o500)
    status, said = slave.run("build", change(None))
    assert status == 0, said


def test_the_kept_files_can_be_read_by_the_web_server_whatever_the_umask(slave: Slave, change: Change) -> None:
    slave.receive(f"cp -rp . {slave.kept}")
    before = os.umask(0o077)
    try:
        slave.run("build", change(None))
    finally:
        os.umask(before)
    assert (slave.kept / LOG_PATH / "console.txt").stat().st_mode & 0o777 == 0o644
    assert (slave.kept / LOG_PATH).stat().st_mode & 0o777 == 0o755


def test_an_endless_log_is_cut_and_says_so(runner: ModuleType, tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        log = runner.Log(file, limit=10)
        log.add(b"x" * 8)
        log.add(b"y" * 8)
        log.add(b"z" * 8)
        log.say("the end")
    text = (tmp_path / "log").read_text()
    assert text == "xxxxxxxxyy\npkgci-job: the log is too long: the rest is left out\npkgci-job: the end\n"

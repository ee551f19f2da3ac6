"""pkgci-job at work on a project that brings its steps along, with git, and the log server's own programs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.package_steps.job.conftest import LOG_PATH, Slave

Change = Callable[[str | None], str]


def test_a_change_without_a_program_passes_and_says_that_there_was_nothing_to_do(slave: Slave, change: Change) -> None:
    commit = change(None)
    status, said = slave.run("build", commit)
    assert status == 0, said
    assert "there is nothing to do: the change has no program ci/build" in slave.console
    assert (slave.result["status"], slave.result["commit"]) == ("passed", commit)


def test_the_changes_own_program_decides_and_its_output_is_the_log(slave: Slave, change: Change) -> None:
    status, said = slave.run("build", change("#!/bin/sh\necho out\necho err >&2\nexit 3\n"))
    # 3 would be a fault of ours, which a change cannot claim: it is not even tried again.
    assert status == 1
    assert slave.console.count("out\nerr\n") == 1 and "out\nerr\n" in said
    assert slave.result["reason"] == "ci/build ended with exit status 3"


def test_a_program_that_does_not_start_is_the_changes_fault(slave: Slave, change: Change) -> None:
    status, _ = slave.run("build", change("#!/nowhere\n"))
    assert status == 1
    assert slave.result["reason"] == "ci/build ended with exit status 127"
    assert "ci/build: " in slave.console


@pytest.mark.parametrize("undo", ["rm -f ../begun", ": >../../begun", "rm -rf ../* ../.[!.]*"])
def test_a_program_cannot_undo_that_it_began_and_say_that_the_slave_is_at_fault(
    slave: Slave, change: Change, undo: str
) -> None:
    status, said = slave.run("build", change(f"#!/bin/sh\n{undo}\nexit 3\n"))
    assert status == 1, said


def test_the_changes_program_sees_nothing_of_jenkins(slave: Slave, change: Change) -> None:
    slave.run("build", change("#!/bin/sh\nenv\n"))
    assert "PKGCI_TARGET=trixie" in slave.console and "ZUUL_CHANGE=12" in slave.console
    assert "s3cret" not in slave.console and "WORKSPACE" not in slave.console


def test_another_commit_than_zuul_named_is_not_run(slave: Slave, change: Change) -> None:
    change("#!/bin/sh\necho it ran\n")
    status, _ = slave.run("build", "f" * 40)
    assert status == 3
    assert "it ran" not in slave.console and "not ffff" in slave.result["reason"]


@pytest.mark.parametrize("step", ["publish", "promote"])
def test_nothing_of_a_change_reaches_the_publisher(slave: Slave, change: Change, step: str) -> None:
    commit = change("#!/bin/sh\necho it ran\n")
    status, said = slave.run(step, commit, ZUUL_URL="")
    assert status == 0 and "the project has steps of its own" in slave.result["reason"]
    assert "fetching" not in said and not (slave.own / "tree").exists()


def test_a_change_that_cannot_be_fetched_is_tried_three_times_and_is_not_the_packages_fault(slave: Slave) -> None:
    status, said = slave.run("build", "f" * 40)
    assert status == 3
    assert said.count("trying again") == 2
    assert slave.result["status"] == "infrastructure"


@pytest.mark.parametrize(("program", "expected"), [("exit 0", 3), ("exit 1", 1)])
def test_a_log_that_cannot_be_kept_makes_a_pass_no_pass_and_leaves_a_failure(
    slave: Slave, change: Change, program: str, expected: int
) -> None:
    slave.patience = 0.5
    slave.program("ssh", "echo 'connect: no route to host' >&2; exit 255")
    status, said = slave.run("build", change(f"#!/bin/sh\n{program}\n"))
    assert status == expected
    assert "the log stays in this workspace" in said
    assert (slave.own / "console.txt").exists() and (slave.own / "upload/result.json").exists()


def test_a_log_server_that_nobody_named_is_said_and_makes_a_pass_no_pass(slave: Slave, change: Change) -> None:
    (slave.workspace.parent / "job.json").unlink()
    status, said = slave.run("build", change(None))
    assert status == 3 and "the log goes nowhere: " in said


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
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
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert slave.result["status"] == "aborted"
    assert slave.console.endswith("pkgci-job: aborted: it was asked to stop\n")
    stat = Path("/proc", endless[1].read_text().strip(), "stat")
    assert not stat.exists() or stat.read_text().split()[2] == "Z"


def test_what_an_earlier_build_left_goes_also_where_it_is_read_only(slave: Slave, change: Change) -> None:
    for folder in (".pkgci/tree/deep", ".pkgci/0123456789abcdef/tree/deep"):
        left = slave.workspace / folder
        left.mkdir(parents=True)
        (left / "file").write_text("old")
        left.chmod(0o500)
    (slave.workspace / ".pkgci/console.txt").write_text("old")
    status, said = slave.run("build", change(None))
    assert status == 0, said
    assert list((slave.workspace / ".pkgci").iterdir()) == [slave.own]


def test_the_kept_files_can_be_read_by_the_web_server_whatever_the_umask(slave: Slave, change: Change) -> None:
    before = os.umask(0o077)
    try:
        slave.run("build", change(None))
    finally:
        os.umask(before)
    assert {file.name: file.stat().st_mode & 0o777 for file in (slave.logs / LOG_PATH).iterdir()} == {
        "console.txt": 0o644,
        "job.json": 0o644,
        "result.json": 0o644,
    }


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"ZUUL_BRANCH": "php 8"}, "ZUUL_BRANCH is not acceptable: 'php 8'"),
        ({"PKGCI_GROUP": "a/b"}, "PKGCI_GROUP is not acceptable: 'a/b'"),
        ({"ZUUL_COMMIT": ""}, "ZUUL_COMMIT is missing"),
    ],
)
def test_a_job_that_cannot_begin_has_a_log_that_says_why(slave: Slave, told: dict[str, str], reason: str) -> None:
    status, said = slave.run("build", **told)
    assert status == 2 and reason in said
    assert slave.result["status"] == "misused" and reason in slave.result["reason"]
    assert reason in slave.console


def test_a_log_whose_place_could_be_anywhere_is_not_written(slave: Slave) -> None:
    status, _ = slave.run("build", LOG_PATH="../../etc")
    assert status == 2 and list(slave.logs.iterdir()) == []

"""What a build can do to its workspace, and how the next one there still begins."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pkgci_steps import namespaces

from tests.unit.package_steps.job.conftest import Slave

Change = Callable[[str | None], str]


# The tests may run as root, whom modes do not stop.
NO_MORE_THAN_ITS_OWNER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


@contextmanager
def locked(workspace: Path, working_in: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that works in a folder, and holds a lock on the workspace, which nobody else can have then."""
    command = ["flock", "--no-fork", "--exclusive", str(workspace), "sh", "-c", "echo held; exec sleep 60"]
    with subprocess.Popen(command, cwd=working_in, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


def nest(folder: Path, levels: int = 1200) -> None:
    """More folders in each other than Python's own ways of removing them get through."""
    for _ in range(levels):
        folder /= "d"
        folder.mkdir()


def test_a_change_with_a_deep_folder_does_not_stop_the_next_build(slave: Slave, change: Change) -> None:
    left = slave.workspace / ".pkgci/0123456789abcdef"
    left.mkdir(parents=True)
    nest(left)
    status, said = slave.run("build", change(None))
    assert status == 0, said
    assert list((slave.workspace / ".pkgci").iterdir()) == [slave.own]


@pytest.mark.parametrize("place", ["main.Runner.run", "main.read_task", "main.own_folder", "main.keep"])
def test_a_fault_of_our_own_is_said_in_words_and_is_no_verdict_on_the_package(
    slave: Slave, change: Change, place: str
) -> None:
    commit = change(None)
    status, said = slave.run("build", commit, broken=place)
    assert status == 3, said
    assert "infrastructure: a fault of pkgci-job, in " in said and "RecursionError: too deep" in said
    assert "Traceback" not in said


def test_what_namespaces_left_goes_however_deep_it_is(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    nest(tmp_path / "left")
    assert namespaces.remove(tmp_path / "left") and not (tmp_path / "left").exists()


def test_a_workspace_that_became_a_link_ends_no_build_of_the_job_that_it_leads_to(slave: Slave, change: Change) -> None:
    other = slave.workspace.with_name("other-job")
    theirs = other / ".pkgci/0123456789abcdef"
    theirs.mkdir(parents=True)
    slave.workspace.rmdir()
    slave.workspace.symlink_to("other-job")
    commit = change(None)
    with subprocess.Popen(["sleep", "60"], cwd=theirs) as running:
        try:
            status, said = slave.run("build", commit)
            assert running.poll() is None
        finally:
            running.kill()
    assert status == 0, said
    assert not slave.workspace.is_symlink() and slave.own.is_dir()
    assert list((other / ".pkgci").iterdir()) == [theirs]


def test_a_link_in_place_of_the_builds_own_folders_ends_no_build_of_another_job(slave: Slave, change: Change) -> None:
    theirs = slave.workspace.with_name("other-job") / ".pkgci/0123456789abcdef"
    theirs.mkdir(parents=True)
    (slave.workspace / ".pkgci").symlink_to(theirs.parent)
    commit = change(None)
    with subprocess.Popen(["sleep", "60"], cwd=theirs) as running:
        try:
            status, said = slave.run("build", commit)
            assert running.poll() is None and theirs.is_dir()
        finally:
            running.kill()
    assert status == 0, said


@pytest.mark.parametrize(
    "harm",
    [
        "mkdir -m 0 .pkgci",
        "touch .pkgci",
        "mkfifo .pkgci",
        "mkdir -p .pkgci/0123456789abcdef/a; chmod 0 .pkgci/0123456789abcdef/a .pkgci/0123456789abcdef .pkgci",
        "ln -s /nowhere .pkgci",
        "chmod 0 .",
        "rmdir $PWD; ln -s /nowhere $PWD",
    ],
)
def test_what_a_build_did_to_its_workspace_is_cured_by_the_next_one(slave: Slave, change: Change, harm: str) -> None:
    subprocess.run(["sh", "-ec", harm], cwd=slave.workspace, check=True)
    status, said = slave.run("build", change(None), through=NO_MORE_THAN_ITS_OWNER)
    assert status == 0, said
    assert slave.own.is_dir()


@pytest.mark.parametrize("harm", ["mv {0} {0}.away", "rm -rf {0}", "chmod 0 {0}", "rm -rf {0}; ln -s . {0}"])
def test_a_build_that_takes_its_workspace_away_hears_so_and_is_no_pass(slave: Slave, change: Change, harm: str) -> None:
    commit = change(f"#!/bin/sh\n{harm.format(slave.workspace)}\n")
    status, said = slave.run("build", commit, through=NO_MORE_THAN_ITS_OWNER)
    assert status == 3, said
    assert "the log stays in this workspace, on this host: " in said and "Traceback" not in said
    assert "passed: ci/build ended well" in slave.console


def test_what_an_earlier_build_left_may_hold_a_lock_on_the_workspace_and_is_ended(slave: Slave, change: Change) -> None:
    left = slave.workspace / ".pkgci/0123456789abcdef"
    left.mkdir(parents=True)
    commit = change(None)
    with locked(slave.workspace, left) as holder:
        status, said = slave.run("build", commit)
        assert status == 0, said
        assert holder.wait(10) < 0
    assert "ending what an earlier build runs here" in said


def test_a_lock_that_is_not_given_up_is_said_and_ends_the_wait(slave: Slave, change: Change) -> None:
    commit = change(None)
    with locked(slave.workspace, Path("/")):
        status, said = slave.run("build", commit)
    assert status == 3
    assert "the workspace cannot be used: " in said and f"keeps {slave.workspace} locked" in said

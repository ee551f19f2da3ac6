"""A build ends with whoever started it, and the next one in its workspace begins alone: tried with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pkgci_steps import processes
from pkgci_steps.job import workspace
from pkgci_steps.job.keeper import KEEPER, PATIENCE
from pkgci_steps.job.workspace import own_folder

from tests.unit.package_steps.job.conftest import Slave

Change = Callable[[str | None], str]
# In Jenkins' place: an agent that starts a job and waits for it, and one that does so through a shell that waits, too.
AGENT = ("sh", "-c", '"$@" & wait', "sh")
SHELL = ("sh", "-c", 'sh -c \'"$@"; true\' sh "$@" & wait', "sh")
# Nothing but SIGKILL ends it, nor what it has sent away, into a session of its own and without the build's mark.
DEAF = """#!/bin/sh
trap '' TERM HUP INT
env -i PATH="$PATH" setsid sh -c "trap '' TERM HUP INT; echo \\$\\$ >{0}/away.new; mv {0}/away.new {0}/away; \
  while :; do sleep 0.2; done" &
echo $$ >{0}/step.new; mv {0}/step.new {0}/step
while :; do sleep 0.2; done
"""


class Deaf:
    """A build that ends by itself never, with ``pids`` of what it runs once it has begun."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.program = DEAF.format(folder)

    def pids(self) -> set[int]:
        return {int((self._folder / name).read_text()) for name in ("step", "away")}

    def has_begun(self) -> bool:
        return all((self._folder / name).exists() for name in ("step", "away"))

    def alive(self) -> set[int]:
        return {pid for pid in self.pids() if runs(pid)}


@pytest.fixture
def deaf(tmp_path: Path) -> Iterator[Deaf]:
    (tmp_path / "pids").mkdir()
    build = Deaf(tmp_path / "pids")
    yield build
    if build.has_begun():
        for pid in build.alive():
            os.kill(pid, signal.SIGKILL)


def runs(pid: int) -> bool:
    """Whether there is more of a process than its exit status, which whoever adopted it may not ask for."""
    return Path(f"/proc/{pid}/cwd").exists()


def until(true: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def halves(slave: Slave) -> tuple[int, int]:
    """The keeper and the inner half of the job that runs."""
    marked = processes.marked({slave.own.name})
    (inner,) = (pid for pid in marked if f"{KEEPER}=" in _environment(pid))
    return processes.parents()[inner], inner


def _environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize("through", [AGENT, SHELL], ids=["agent", "shell"])
def test_an_agent_that_is_killed_takes_the_whole_build_along_within_seconds(
    slave: Slave, change: Change, deaf: Deaf, through: tuple[str, ...]
) -> None:
    agent = slave.start("build", change(deaf.program), through)
    until(deaf.has_begun)
    keeper, inner = halves(slave)
    agent.kill()
    agent.wait()
    until(lambda: not deaf.alive(), 20)
    until(lambda: not runs(keeper) and not runs(inner), PATIENCE + 30)
    # Its log tells what became of it: the log server had it to the end.
    assert slave.result["status"] == "aborted"
    agent.communicate()


@pytest.mark.parametrize("half", [0, 1], ids=["keeper", "inner"])
def test_whichever_half_of_a_job_is_killed_nothing_of_the_build_is_left(
    slave: Slave, change: Change, deaf: Deaf, half: int
) -> None:
    agent = slave.start("build", change(deaf.program), AGENT)
    until(deaf.has_begun)
    os.kill(halves(slave)[half], signal.SIGKILL)
    until(lambda: not deaf.alive(), 20)
    agent.communicate(timeout=60)


def test_an_inner_half_that_is_killed_is_no_verdict_on_the_package(slave: Slave, change: Change, deaf: Deaf) -> None:
    process = slave.start("build", change(deaf.program))
    until(deaf.has_begun)
    os.kill(halves(slave)[1], signal.SIGKILL)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 3 and "pkgci-job: it was ended by force, by signal 9" in said


def test_a_second_try_ends_the_first_waits_for_it_and_passes(slave: Slave, change: Change, deaf: Deaf) -> None:
    go = slave.workspace.parent / "go"
    # Zuul's second try is of the same change: its program does something else once the first one has been there.
    commit = change(deaf.program.replace("#!/bin/sh\n", f"#!/bin/sh\ntest -e {go} && exit 0\n"))
    first = slave.start("build", commit, LOG_PATH="12/12/3/check/hello/first")
    until(deaf.has_begun)
    go.touch()
    status, said = slave.run("build", commit)
    assert status == 0, said
    assert "ending what an earlier build runs here" in said
    assert not deaf.alive()
    first.communicate(timeout=60)
    assert slave.result["status"] == "passed"
    assert list((slave.workspace / ".pkgci").iterdir()) == [slave.own]


def test_what_both_halves_left_behind_is_ended_by_the_next_build(slave: Slave, change: Change, deaf: Deaf) -> None:
    go = slave.workspace.parent / "go"
    commit = change(deaf.program.replace("#!/bin/sh\n", f"#!/bin/sh\ntest -e {go} && exit 0\n"))
    agent = slave.start("build", commit, AGENT, LOG_PATH="12/12/3/check/hello/first")
    until(deaf.has_begun)
    for pid in (agent.pid, *halves(slave)):
        os.kill(pid, signal.SIGSTOP)
    for pid in (agent.pid, *halves(slave)):
        os.kill(pid, signal.SIGKILL)
    assert len(deaf.alive()) == 2
    go.touch()
    status, said = slave.run("build", commit)
    assert status == 0, said
    assert not deaf.alive()
    agent.communicate(timeout=60)


def test_two_builds_never_share_a_folder_even_where_the_first_cannot_be_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = own_folder(tmp_path, "0" * 16)
    (first / "file").write_text("of the first")
    monkeypatch.setattr(workspace, "PATIENCE", 0.1)
    monkeypatch.setattr(workspace.processes, "end", lambda find: find())
    with subprocess.Popen(["sh", "-c", "trap '' TERM; while :; do sleep 0.2; done"], cwd=first) as process:
        time.sleep(0.3)
        said: list[str] = []
        second = own_folder(tmp_path, "1" * 16, said.append)
        process.kill()
    assert second != first and list(second.iterdir()) == []
    assert (first / "file").read_text() == "of the first"
    assert said[1].startswith(f"an earlier build runs on, in its own folder: processes {process.pid}")


def test_an_abort_by_jenkins_is_passed_on_and_ends_as_one(slave: Slave, change: Change, deaf: Deaf) -> None:
    process = slave.start("build", change(deaf.program), JENKINS_NODE_COOKIE="c00kie")
    until(deaf.has_begun)
    keeper, inner = halves(slave)
    # Jenkins ends by force what carries its cookie, seconds later: the log is on its way then.
    assert "JENKINS_NODE_COOKIE" in _environment(keeper) and "JENKINS_NODE_COOKIE" not in _environment(inner)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 143 and not deaf.alive()
    assert slave.result["status"] == "aborted"


def test_what_cannot_be_removed_is_tried_as_its_owner_and_stops_no_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_folder(tmp_path, "0" * 16) / "file").touch()
    tried: list[Path] = []

    def refuse(place: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(workspace, "removed", refuse)
    monkeypatch.setattr(workspace.namespaces, "remove", lambda place: bool(tried.append(place)))
    said: list[str] = []
    assert list(own_folder(tmp_path, "1" * 16, said.append).iterdir()) == []
    assert tried == [tmp_path / ".pkgci" / ("0" * 16)]
    assert said == [f"{tried[0]} of an earlier build could not be removed"]

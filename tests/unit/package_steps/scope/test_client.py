"""A step's side of its control group, with a keeper of straw."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pkgci_steps import limits
from pkgci_steps.scope import client
from pkgci_steps.scope.client import Scope
from pkgci_steps.settings import Limits
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

# Answers as the keeper does, and writes down what it was asked.
KEEPER = """
import sys
print("ready " + sys.argv[1], flush=True)
with open(sys.argv[2], "a") as log:
    for line in sys.stdin:
        log.write(line)
        log.flush()
        print(sys.argv[3], flush=True)
"""


@pytest.fixture
def group(tmp_path: Path) -> Path:
    folder = tmp_path / "group"
    (folder / "job/main").mkdir(parents=True)
    (folder / "cgroup.controllers").write_text("cpu memory pids\n")
    return folder


@contextmanager
def opened(group: Path, answer: str = "ok") -> Iterator[Scope]:
    words = [json.dumps({"unified": str(group)}), str(group / "asked"), answer]
    with client.opened([sys.executable, "-c", KEEPER, *words]) as scope:
        yield scope


def test_a_program_starts_once_it_is_in_the_group(group: Path) -> None:
    with opened(group) as scope:
        process = scope.popen(["sh", "-c", "cat; echo $0 $$", "done"], stdout=subprocess.PIPE)
        said, _ = process.communicate()
    assert said.decode().split() == ["done", str(process.pid)]
    assert (group / "asked").read_text() == f"add {process.pid}\n"


def test_a_program_that_is_fed_gets_all_that_it_is_given(group: Path) -> None:
    with opened(group) as scope:
        process = scope.popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.communicate(b"one\ntwo\n")[0] == b"one\ntwo\n"


def test_a_program_that_cannot_be_limited_never_runs(group: Path, tmp_path: Path) -> None:
    with opened(group, "no it is somebody else's") as scope, pytest.raises(Ended, match="cannot be limited") as caught:
        scope.popen(["touch", str(tmp_path / "ran")])
    assert caught.value.status is Status.INFRASTRUCTURE
    assert not (tmp_path / "ran").exists()


def test_a_keeper_that_is_gone_is_no_fault_of_a_package(group: Path) -> None:
    with opened(group) as scope:
        scope._keeper.kill()
        scope._keeper.wait()
        with pytest.raises(Ended, match="has lost its keeper") as caught:
            scope.popen(["true"])
    assert caught.value.status is Status.INFRASTRUCTURE


def test_a_program_that_is_not_there_is_told_as_ever(step: Step, group: Path) -> None:
    with opened(group) as scope, step.programs.confined(scope), pytest.raises(Ended) as caught:
        step.programs.run(["/nowhere/tool"])
    assert caught.value.reason == "/nowhere/tool does not start: No such file or directory"


def test_the_programs_of_a_step_that_is_confined_run_in_its_group_and_no_others_do(step: Step, group: Path) -> None:
    with opened(group) as scope:
        with step.programs.confined(scope):
            step.programs.run(["true"])
            step.programs.apart(step.log).run(["true"])
        step.programs.run(["true"])
    assert (group / "asked").read_text().count("add ") == 2


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("echo refused the kernel limits no memory", "on this host: the kernel limits no memory; `pkgci verify-serv"),
        ("echo sudo: a password is required", "sudo: a password is required"),
        ("exit 1", "limits cannot be enforced"),
    ],
)
def test_where_no_group_is_to_be_had_nothing_runs_and_the_host_is_at_fault(
    step: Step, monkeypatch: pytest.MonkeyPatch, said: str, why: str
) -> None:
    enforced = dataclasses.replace(step.settings.limits, enforced=True)
    monkeypatch.setattr(client.opened.__wrapped__, "__defaults__", (("sh", "-c", said),))  # type: ignore[attr-defined]
    with pytest.raises(Ended) as caught, limits.confined(step.programs, enforced):
        raise AssertionError
    assert caught.value.status is Status.INFRASTRUCTURE
    assert why in caught.value.reason


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("memory.events", "low 0\nhigh 0\nmax 900\noom 0\noom_kill 0\n", ""),
        ("memory.events", "max 900\noom 3\noom_kill 1\n", "took more than 200 MB of memory"),
        ("pids.events", "max 0\n", ""),
        ("pids.events", "max 12\n", "ran more than 150 processes"),
        ("job/main/pids.events", "max 12\n", "ran more than 150 processes"),
    ],
)
def test_what_the_kernel_ended_is_said_in_words(group: Path, file: str, text: str, words: str) -> None:
    (group / file).write_text(text)
    with opened(group) as scope:
        assert scope.passed(Limits(memory_mb=200, processes=150)) == words


def test_the_first_version_of_control_groups_has_its_own_word_for_it(tmp_path: Path, group: Path) -> None:
    memory = tmp_path / "memory"
    memory.mkdir()
    (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    keeper = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    scope = Scope(keeper, {"unified": group, "memory": memory})
    assert scope.passed(Limits(memory_mb=200)) == "took more than 200 MB of memory"
    scope.close()

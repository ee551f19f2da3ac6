"""Processes, tried with real ones: which belong together, and how all of them end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pkgci_steps import processes
from pkgci_steps.processes import descendants, nothing_left
from pkgci_steps.programs import Stop, plain_environment

DEAF = "trap '' TERM HUP INT; while :; do sleep 0.2; done"


@pytest.fixture
def deaf(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that hears no signal but SIGKILL, in a session, an environment and a folder of its own."""
    mark = {**os.environ, processes.MARK: "0123456789abcdef"}
    (tmp_path / "work").mkdir()
    with subprocess.Popen(["sh", "-c", DEAF], env=mark, cwd=tmp_path / "work", start_new_session=True) as process:
        # For a moment after its start a process has no environment that anybody could read.
        deadline = time.monotonic() + 30
        while not Path(f"/proc/{process.pid}/environ").read_bytes() and time.monotonic() < deadline:
            time.sleep(0.01)
        yield process
        process.kill()


def test_nothing_that_was_started_is_left_even_if_it_ran_away(tmp_path: Path) -> None:
    away = f"trap '' TERM HUP; setsid sh -c 'trap \"\" TERM; echo $$ >{tmp_path}/pid; sleep 60' & exit 0"
    with nothing_left():
        subprocess.run(["sh", "-c", away], check=True)
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.01)
        pid = int((tmp_path / "pid").read_text())
        assert pid in descendants()
    assert not Path(f"/proc/{pid}").exists()


def test_a_process_is_found_by_its_mark_and_by_where_it_works(deaf: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert deaf.pid in processes.marked({"0123456789abcdef", "f" * 16})
    assert not processes.marked({"0123456789abcde"})
    assert deaf.pid in processes.working_in(tmp_path)
    assert not processes.working_in(tmp_path / "work2")


def test_what_hears_no_signal_is_ended_all_the_same(deaf: subprocess.Popen[bytes]) -> None:
    assert processes.end(lambda: processes.marked({"0123456789abcdef"})) == set()
    deaf.wait(5)


def test_what_belongs_to_another_account_is_told_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    before = time.monotonic()
    assert processes.end(lambda: {1}) == {1}
    assert time.monotonic() - before < 5


def test_the_mark_is_handed_to_whatever_a_step_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(processes.MARK, raising=False)
    assert processes.MARK not in plain_environment(tmp_path)
    monkeypatch.setenv(processes.MARK, "0123456789abcdef")
    assert plain_environment(tmp_path)[processes.MARK] == "0123456789abcdef"


@pytest.mark.parametrize(("mark", "expected"), [("0123456789abcdef", "True"), ("", "False")])
def test_a_steps_program_in_a_job_is_asked_to_stop_when_who_started_it_is_gone(
    tmp_path: Path, mark: str, expected: str
) -> None:
    library = Path(processes.__file__).parents[1]
    code = (
        f"import sys, time, pathlib; sys.path.insert(0, {str(library)!r}); sys.dont_write_bytecode = True\n"
        "from pkgci_steps.programs import Stop\n"
        "stop = Stop(); stop.listen(); assert not stop.asked\n"
        f"pathlib.Path({str(tmp_path)!r}, 'ready').touch(); time.sleep(1)\n"
        f"pathlib.Path({str(tmp_path)!r}, 'new').write_text(str(stop.asked))\n"
        f"pathlib.Path({str(tmp_path)!r}, 'new').rename({str(tmp_path / 'asked')!r})\n"
    )
    (tmp_path / "program.py").write_text(code)
    wait = f"while [ ! -e {tmp_path}/ready ]; do sleep 0.05; done"
    environment = {**os.environ, **({processes.MARK: mark} if mark else {})}
    subprocess.run(
        ["sh", "-c", f"{sys.executable} {tmp_path}/program.py & {wait}"], env=environment, check=True, timeout=30
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "asked").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (tmp_path / "asked").read_text() == expected


def test_a_signal_asks_to_stop() -> None:
    stop = Stop()
    assert not stop.asked
    stop.ask()
    assert stop.asked


def test_the_chain_above_ends_at_another_account_and_goes_through_who_gave_root_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def listed(pid: int, parent: int, uid: int, name: str) -> None:
        folder = tmp_path / str(pid)
        folder.mkdir()
        (folder / "stat").write_text(f"{pid} ({name}) S {parent} {pid} {pid} 0 -1")
        (folder / "status").write_text(f"Name:\t{name}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t0\n")

    me = os.getuid()
    # A shell, started by an agent, started over SSH: sshd's own process for the account, then root's.
    for pid, parent, uid, name in (
        (500, 400, me, "sh) R 1 (x"),
        (400, 300, me, "java"),
        (300, 200, me, "sshd-session"),
        (200, 100, me + 1, "sshd-session"),
        (100, 1, me + 1, "sshd"),
    ):
        listed(pid, parent, uid, name)
    monkeypatch.setattr(processes, "PROC", tmp_path)
    monkeypatch.setattr(os, "getppid", lambda: 500)
    assert processes.above() == (500, 400, 300)

"""Root's side of a step's control group: what it does for whom."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pkgci_steps.scope import groups, keeper
from pkgci_steps.scope.held import held
from pkgci_steps.scope.keeper import Account, Group, Refused, answer
from pkgci_steps.settings import Limits

US = Account(os.getuid(), os.getgid())
SOMEBODY = Account(os.getuid() + 1, os.getgid())


@pytest.fixture
def group(tmp_path: Path) -> Group:
    """A group of one folder for each of two hierarchies, as the kernel shows them; this process keeps it."""
    places = {"unified": tmp_path / "unified", "memory": tmp_path / "memory"}
    for folder in (places["unified"] / keeper.PROGRAMS, places["memory"]):
        folder.mkdir(parents=True)
        (folder / "cgroup.procs").touch()
    return Group(places, os.getpid())


def members(group: Group) -> list[str]:
    files = (group.folders["unified"] / keeper.PROGRAMS, group.folders["memory"])
    return [(folder / "cgroup.procs").read_text() for folder in files]


def test_a_process_of_the_caller_is_put_into_every_hierarchy(group: Group) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        assert answer(group, US, f"add {process.pid}\n") == "ok"
        process.kill()
    assert members(group) == [str(process.pid)] * 2


@pytest.mark.parametrize("line", ["add 1", "add OURS"], ids=["init", "the keeper's parent"])
def test_a_process_of_somebody_else_is_left_where_it_is(group: Group, line: str) -> None:
    line = line.replace("OURS", str(os.getpid()))
    assert answer(group, SOMEBODY, line) == "no it is somebody else's"
    assert members(group) == ["", ""]


@pytest.mark.parametrize(
    "line",
    ["", "add", "add -1", "add 1 2", "add ٣", "add 0x1", "add 999999999999", "limit 1", "kill 1", "memory.max 1"],
)
def test_nothing_else_is_understood(group: Group, line: str) -> None:
    assert answer(group, US, line) == "no such word"
    assert members(group) == ["", ""]


def test_a_group_stands_still_and_goes_on(group: Group) -> None:
    for word, number in (("freeze", "1"), ("thaw", "0")):
        assert answer(group, US, word) == "ok"
        assert (group.folders["unified"] / "job/cgroup.freeze").read_text() == number


def test_a_process_that_is_gone_is_told(group: Group) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert answer(group, US, f"add {gone.pid}") == "no No such process"


def test_all_of_a_group_ends_but_who_keeps_it(group: Group) -> None:
    file = group.folders["unified"] / keeper.PROGRAMS / "cgroup.procs"
    with subprocess.Popen(["sleep", "60"]) as process:
        # As the kernel does, the file forgets who has ended.
        reaper = subprocess.Popen(["sh", "-c", 'tail --pid="$1" -f /dev/null; : >"$2"', "sh", str(process.pid), file])
        file.write_text(f"{process.pid}\n{os.getpid()}\n0\n")
        assert process.pid in groups.members(file.parent)
        assert group._members() == {process.pid}
        process.kill()
        process.wait()
        reaper.wait()
    assert answer(group, US, "kill") == "ok"


def test_the_limits_are_the_sites_and_nobody_elses() -> None:
    words = keeper.unit("pkgci-1.scope", 7, Limits(memory_mb=200, processes=150))
    told = " ".join(words)
    for expected in (
        "pkgci-1.scope fail",
        "PIDs au 1 7",
        "MemoryMax t 200000000",
        "MemorySwapMax t 0",
        "TasksMax t 151",
        "CPUWeight t 50",
        "IOWeight t 50",
        "Delegate b true",
    ):
        assert expected in told


@pytest.mark.parametrize(
    ("memory", "pids", "missing"),
    [("max", "151", "memory"), ("200000000", "max", "processes"), ("100000000", "151", "memory")],
)
def test_a_kernel_that_does_not_limit_is_no_place_to_build(
    tmp_path: Path, memory: str, pids: str, missing: str
) -> None:
    (tmp_path / "cgroup.controllers").write_text("memory pids")
    (tmp_path / "memory.max").write_text(memory)
    (tmp_path / "pids.max").write_text(pids)
    lack = keeper.lacking(Group({"unified": tmp_path}, 1), Limits(memory_mb=200, processes=150))
    assert lack.startswith(f"the kernel limits no {missing}")


def test_a_group_that_systemd_never_finishes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "_START_SECONDS", 0.05)
    with pytest.raises(Refused, match="no control groups of version 2"):
        keeper._started(os.getpid(), "pkgci-none.scope", Limits())


def test_a_kernel_that_limits_is_taken_at_its_word(tmp_path: Path) -> None:
    (tmp_path / "memory.limit_in_bytes").write_text(f"{200_000_000 // 4096 * 4096}\n")
    (tmp_path / "pids.max").write_text("151\n")
    folders = {"unified": tmp_path / "none", "memory": tmp_path, "pids": tmp_path}
    assert keeper.lacking(Group(folders, 1), Limits(memory_mb=200, processes=150)) == ""


def test_whoever_is_not_sent_by_sudo_is_refused() -> None:
    program = "import sys; from pkgci_steps.scope.keeper import main; sys.exit(main())"
    library = str(Path(keeper.__file__).parents[2])
    for environment in ({}, {"SUDO_UID": "0", "SUDO_GID": "0"}, {"SUDO_UID": "x", "SUDO_GID": "1"}):
        command = [sys.executable, "-c", program]
        environment |= {"PYTHONPATH": library}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout.partition(" ")[0]) == (1, "refused"), done


@pytest.mark.parametrize("hybrid", [True, False])
def test_the_groups_of_a_process_are_found_in_either_version(tmp_path: Path, hybrid: bool) -> None:
    if hybrid:
        (tmp_path / "unified").mkdir()
    text = "4:memory:/one\n3:cpu,cpuacct:/two\n1:name=systemd:/three\n0::/user.slice/run-1.scope\n"
    assert groups.folders(text, tmp_path) == {
        "memory": tmp_path / "memory/one",
        "cpu": tmp_path / "cpu,cpuacct/two",
        "cpuacct": tmp_path / "cpu,cpuacct/two",
        "systemd": tmp_path / "systemd/three",
        "unified": (tmp_path / "unified" if hybrid else tmp_path) / "user.slice/run-1.scope",
    }


def test_a_file_without_a_name_counts_once_however_often_it_is_open(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        (tmp_path / "file").unlink()
        file.write(os.urandom(1 << 20))
        file.flush()
        before = held([])
        second = os.dup(file.fileno())
        assert before == 0
        assert 1 << 20 <= held([os.getpid(), os.getpid()]) < 3 << 20
        os.close(second)

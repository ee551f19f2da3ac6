"""The programs that run on a host, run here in a folder of their own, with a stand-in for systemd."""

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pkgci.facts.fact import Answers, whole_program
from pkgci.puppetrun.bundle import Archive, code_archive, data_archive, run_archive
from pkgci.puppetrun.host_state import Ground, HostState, command, script
from pkgci.puppetrun.run import _part
from pkgci.remote.framing import Frame, command_line

SYSTEMD_RUN = "#!/bin/sh\nfor last; do :; done\necho hello >> $last/log\necho success exited 0 > $last/exit\n"


@pytest.fixture
def on_host(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs programs as a host would, with its state below ``tmp_path / 'state'``; without any, those of the facts."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {"systemd-run": SYSTEMD_RUN, "systemctl": "#!/bin/sh\necho 0\n"}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)

    def run(arguments: list[str], *names: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        program = command(arguments, *names) if names else whole_program(Ground(arguments).facts)
        line = program.replace("/var/lib/pkgci", str(tmp_path / "state"))
        path = f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin"
        frame = Frame()
        done = subprocess.run(
            ["sh", "-c", command_line(root=False)],
            input=frame.question(line, stdin),
            capture_output=True,
            env={"PATH": path},
            timeout=60,
        )
        output = frame.take(done.stdout).decode()
        return subprocess.CompletedProcess(line, frame.status, output, frame.own_errors(done.stderr))

    return run


@pytest.fixture
def deliver(tmp_path: Path, on_host: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., Archive]:
    """Delivers a run with data and code of the given texts, and gives its data's archive."""

    def send(run: str, text: str = "a: 1\n", code_text: str = "include role\n", check: bool = True) -> Archive:
        tree = tmp_path / "puppet"
        tree.mkdir(exist_ok=True)
        (tree / "site.pp").write_text(code_text)
        code = code_archive(tree)
        data = data_archive({"hiera.yaml": text}, code)
        parts = [("release", code.name, code), ("release", data.name, data), ("run", "-", run_archive({"p": ""}, data))]
        stdin = b"".join(_part(*part) for part in parts)
        done = on_host([run, data.name, "60"], "deliver", "follow", stdin=stdin)
        if check:
            assert done.returncode == 0, done.stderr
            assert "hello\n" in done.stdout
            assert f"\001{run} exit success exited 0\n" in done.stdout
        return data

    return send


def state_of(done: subprocess.CompletedProcess[str]) -> HostState:
    return Ground([]).read(Answers(done.stdout))


def releases(folder: Path) -> set[str]:
    return {path.name for path in (folder / "state/releases").iterdir()}


def test_a_delivered_release_is_there_whole_and_only_root_reads_it(
    tmp_path: Path, deliver: Callable[..., Archive], on_host: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    data = deliver("run-1")
    place = tmp_path / "state/releases" / data.name
    assert (place / "hiera.yaml").read_text() == "a: 1\n"
    assert (place / "hiera.yaml").stat().st_mode & 0o777 == 0o600
    assert (place / "code/site.pp").read_text() == "include role\n"
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert not list((tmp_path / "state").glob("new.*"))
    state = state_of(on_host([data.name, "f" * 64]))
    assert state.releases == {data.name}
    assert (state.room.free_kb or 0) > 0
    assert state.room.problem == ""
    assert state.running is None


def test_what_did_not_arrive_as_it_was_sent_is_thrown_away(
    tmp_path: Path, deliver: Callable[..., Archive], on_host: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    data = deliver("run-1")
    wrong = replace(data, name="0" * 64)
    done = on_host(["run-2", wrong.name, "60"], "deliver", stdin=_part("release", wrong.name, wrong))
    assert done.returncode == 70
    assert "did not arrive as it was sent" in done.stderr
    assert wrong.name not in releases(tmp_path)
    assert not list((tmp_path / "state").glob("new.*"))


@pytest.mark.parametrize("bytes_that_arrive", [0, 20, 150])
def test_a_delivery_that_breaks_off_leaves_nothing_half_written(
    tmp_path: Path,
    deliver: Callable[..., Archive],
    on_host: Callable[..., subprocess.CompletedProcess[str]],
    bytes_that_arrive: int,
) -> None:
    data = deliver("run-1")
    new = data_archive({"hiera.yaml": "b: 2\n"}, data)
    stdin = _part("release", new.name, new)[:bytes_that_arrive]
    before = releases(tmp_path)
    done = on_host(["run-2", new.name, "60"], "deliver", stdin=stdin)
    assert done.returncode == 70
    assert releases(tmp_path) == before
    assert not list((tmp_path / "state").glob("new.*"))
    assert not (tmp_path / "state/runs/run-2").exists()


def test_the_last_three_releases_stay_and_what_is_current(tmp_path: Path, deliver: Callable[..., Archive]) -> None:
    first = deliver("run-1", "a: 1\n")
    (tmp_path / "state/current").symlink_to(f"releases/{first.name}")
    names = [deliver(f"run-{number}", f"a: {number}\n").name for number in range(2, 5)]
    for age, name in enumerate(reversed([first.name, *names])):
        os.utime(tmp_path / "state/releases" / name, (1000 - age, 1000 - age))
    last = deliver("run-5", "a: 5\n")
    code = (tmp_path / "state/releases" / last.name / "code").resolve().name
    assert releases(tmp_path) == {first.name, names[1], names[2], last.name, code}


def test_the_last_ten_runs_stay(tmp_path: Path, deliver: Callable[..., Archive]) -> None:
    for number in range(10, 22):
        deliver(f"run-{number}")
    kept = sorted(path.name for path in (tmp_path / "state/runs").iterdir())
    assert kept == [f"run-{number}" for number in range(12, 22)]


def test_who_holds_the_lock_is_told(
    tmp_path: Path, on_host: Callable[..., subprocess.CompletedProcess[str]], deliver: Callable[..., Archive]
) -> None:
    deliver("run-1")
    state = tmp_path / "state"
    (state / "runs/run-1/holder").write_text("operator bob@desk\nstarted 12:00:00 UTC\n")
    (state / "lock").write_text("run-1\n")
    assert state_of(on_host([])).running is None
    holder = subprocess.Popen(["flock", str(state / "lock"), "sleep", "30"], start_new_session=True)
    try:
        for _ in range(100):
            running = state_of(on_host([])).running
            if running is not None:
                break
        assert running is not None
        assert (running.id, running.operator) == ("run-1", "bob@desk")
        assert running.facts["started"] == "12:00:00 UTC"
    finally:
        os.killpg(holder.pid, signal.SIGKILL)
        holder.wait()


def test_a_run_of_before_the_reboot_is_told_as_such(
    tmp_path: Path, on_host: Callable[..., subprocess.CompletedProcess[str]], deliver: Callable[..., Archive]
) -> None:
    deliver("run-1")
    (tmp_path / "state/runs/run-1/exit").unlink()
    (tmp_path / "state/runs/run-1/boot").write_text("another boot\n")
    said = on_host(["run-1", "0"], "follow").stdout
    assert "\001run-1 rebooted\n" in said
    assert "exit" not in said


def test_no_release_stays_on_a_host_with_a_secret_that_the_host_lost(tmp_path: Path) -> None:
    """A key that left with its role, or that was rotated, would lie about in the data of an older release."""
    states = {"now": ["zuul/key: 1"], "same": ["zuul/key: 1"], "fewer": [], "role": ["zuul/key: 1", "signing: 2"]}
    for name, secrets in {**states, "rotated": ["zuul/key: 0"]}.items():
        folder = tmp_path / "state/releases" / name
        (folder / "review").mkdir(parents=True)
        (folder / "hiera.yaml").write_text("")
        (folder / "review/secrets").write_text("".join(f"{line}\n" for line in secrets))
    (tmp_path / "state/releases/code").mkdir()
    for name, text in {"dpkg-query": "echo installed 8.0", "puppet": "exit 2"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    run = tmp_path / "state/runs/run-1"
    run.mkdir(parents=True)
    (tmp_path / "state/package-lists").write_text("")
    runner = script("runner").replace("/var/lib/pkgci", str(tmp_path / "state")).replace("PATH=/", f"PATH={tmp_path}:/")

    def go(noop: str) -> int:
        (run / "plan").write_text(f"packages= agent=puppet-agent noop={noop} data=now\npuppet_run() {{ puppet; }}\n")
        return subprocess.run(["sh", "-c", runner, "runner", str(run)], timeout=30, check=False).returncode

    assert go("yes") == 2, (run / "log").read_text()
    assert len(releases(tmp_path)) == 6
    assert go("no") == 2
    assert releases(tmp_path) == {"now", "same", "fewer", "code"}

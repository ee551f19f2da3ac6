"""Limits of builds and tests, tried with small processes and small files."""

from __future__ import annotations

import dataclasses
import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pkgci_steps import limits, measure
from pkgci_steps.limits import Watch
from pkgci_steps.measure import Measurement, Taken, memory
from pkgci_steps.processes import descendants
from pkgci_steps.settings import Limits
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

MEBIBYTE = 1 << 20


@pytest.fixture(autouse=True)
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "INSIDE", ())
    monkeypatch.setattr(limits, "_EVERY", 0.01)
    monkeypatch.setattr(limits, "_PAUSE", 0.0)
    monkeypatch.setattr(limits, "_SHARE", 0.0)


def limited(step: Step, **words: int) -> Step:
    changed = dataclasses.replace(Limits(minutes=1, memory_mb=4000, disk_mb=10000), **words)
    return dataclasses.replace(step, settings=dataclasses.replace(step.settings, limits=changed))


def watch(step: Step, folder: Path, what: str = "test", **words: int) -> Watch:
    return Watch(step.programs, limited(step, **words).settings.limits, folder, what)


def look(own: Watch, seconds: float = 5.0) -> None:
    """Looks as the patrol does, until it has found something, or nothing in so many seconds; says what."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        own.look()
        own()
        time.sleep(0.01)


class FakeScope:
    """A control group in which the kernel has ended something, for ``words``."""

    def __init__(self, words: str = "", held: int = 0) -> None:
        self.words = words
        self.killed = False
        self.stood = 0
        self._held = held

    def passed(self, _: Limits) -> str:
        return self.words

    def kill(self) -> None:
        self.killed = True

    def held(self) -> int:
        return self._held

    @contextmanager
    def frozen(self) -> Iterator[None]:
        self.stood += 1
        yield


@contextmanager
def within(step: Step, scope: FakeScope) -> Iterator[None]:
    before, step.programs._scope = step.programs._scope, scope  # type: ignore[assignment]
    try:
        yield
    finally:
        step.programs._scope = before


def test_a_build_within_its_limits_goes_on(step: Step, tmp_path: Path) -> None:
    look(watch(step, tmp_path), seconds=0.3)


def test_a_build_that_never_ends_is_ended(step: Step, tmp_path: Path) -> None:
    with (
        pytest.raises(Ended, match="the build took longer than 0 minutes") as caught,
        limits.limited(step, tmp_path, "build", minutes=0),
    ):
        step.programs.run(["sleep", "60"])
    assert caught.value.status is Status.FAILED


def test_a_build_that_fills_the_disk_is_ended_also_where_it_hides_that(step: Step, tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir(mode=0o700)
    (tmp_path / "hidden/file").write_bytes(os.urandom(6 * MEBIBYTE))
    with pytest.raises(Ended, match="MB of disk, more than 5 ") as caught:
        look(watch(step, tmp_path, disk_mb=5))
    assert caught.value.status is Status.FAILED


def test_files_that_are_empty_count(step: Step, tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"empty-{number}").touch()
    with pytest.raises(Ended, match=r"the test made \d+ files, more than 50 "):
        look(watch(step, tmp_path, files=50))


def test_a_file_without_a_name_is_on_the_disk_all_the_same(step: Step, tmp_path: Path) -> None:
    nameless = (
        "import os, sys, time; f = open(sys.argv[1], 'wb'); os.unlink(sys.argv[1]); f.write(os.urandom(8 << 20)); "
        "f.flush(); print(1, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", nameless, str(tmp_path / "file")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            with pytest.raises(Ended, match="MB of disk, more than 5 "):
                look(watch(step, tmp_path, disk_mb=5))
        finally:
            process.kill()


def test_time_and_memory_are_looked_at_while_the_disk_is_measured(
    step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "_DU", "sleep 60")
    with (
        within(step, scope := FakeScope()),
        pytest.raises(Ended, match="took more than 7 MB of memory"),
        limits.limited(step, tmp_path, "build"),
    ):
        threading.Timer(0.3, lambda: setattr(scope, "words", "took more than 7 MB of memory")).start()
        subprocess.run(["sleep", "1"], check=True)
    assert scope.killed


def test_a_program_that_the_kernel_ended_fails_with_the_reason_and_not_with_its_own(step: Step, tmp_path: Path) -> None:
    with (
        within(step, FakeScope("took more than 7 MB of memory")),
        pytest.raises(Ended, match="the build took more than 7 MB of memory") as caught,
        limits.limited(step, tmp_path, "build"),
    ):
        raise Ended(Status.INFRASTRUCTURE, "sbuild ended with status 137 at 'build'")
    assert caught.value.status is Status.FAILED


def test_who_asks_a_build_to_stop_is_told_so_whatever_it_took(step: Step, tmp_path: Path) -> None:
    with (
        within(step, FakeScope("took more than 7 MB of memory")),
        pytest.raises(Ended, match="asked to stop"),
        limits.limited(step, tmp_path, "build"),
    ):
        raise Ended(Status.ABORTED, "it was asked to stop")


def test_what_may_have_taken_too_much_stands_still_while_that_is_found_out(
    step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = limits._Free(1e12, 1e8)
    monkeypatch.setattr(limits, "_free", lambda _: free)
    monkeypatch.setattr(limits, "_PAUSE", 60.0)
    with within(step, scope := FakeScope()):
        own = watch(step, tmp_path, files=50)
        look(own, seconds=0.1)
        assert scope.stood == 0
        # Somebody took them, and it was not this one.
        free = limits._Free(1e12, 1e8 - 60)
        look(own, seconds=0.1)
        assert scope.stood == 1
        for number in range(60):
            (tmp_path / f"empty-{number}").touch()
        free = limits._Free(1e12, 1e8 - 120)
        with pytest.raises(Ended, match=r"the test made \d+ files, more than 50 "):
            look(own)
    assert (scope.stood, scope.killed) == (2, True)


@pytest.mark.parametrize(("held", "status"), [(0, Status.INFRASTRUCTURE), (6 * MEBIBYTE, Status.FAILED)])
def test_where_the_disk_is_full_what_runs_ends_first_and_then_it_is_found_out_who_took_it(
    step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int, status: Status
) -> None:
    monkeypatch.setattr(limits, "_RESERVE", Taken(1 << 60, 0))
    with within(step, scope := FakeScope(held=held)), pytest.raises(Ended) as caught:
        look(watch(step, tmp_path, disk_mb=5))
    assert (scope.killed, caught.value.status) == (True, status)


def test_the_less_is_free_the_oftener_one_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_EVERY", 0.25)
    free = [limits._Free(size, files) for size, files in ((1e12, 1e8), (1.5e9, 1e8), (6e8, 1e8), (1e12, 21_000))]
    assert limits.pause(limits._Free(1e12, float("inf"))) == limits._EVERY
    for before, after in itertools.pairwise(free):
        assert limits._OFTEN <= limits.pause(after) <= limits.pause(before) <= limits._EVERY


def test_nothing_goes_on_that_cannot_be_watched(step: Step, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(Ended, match="the build cannot be watched") as caught, limits.limited(step, folder, "build"):
        folder.rmdir()
        step.programs.run(["sleep", "60"])
    assert caught.value.status is Status.INFRASTRUCTURE


def test_what_runs_unwatched_in_between_is_not_ended(step: Step, tmp_path: Path) -> None:
    with pytest.raises(Ended, match="took longer"), limits.limited(step, tmp_path, "build", minutes=0):
        with step.programs.watched(None):
            assert step.programs.run(["true"]) == 0
        step.programs.run(["sleep", "60"])
    assert step.programs.run(["true"]) == 0


def test_a_build_that_eats_memory_is_ended_also_where_the_kernel_is_not_asked(step: Step, tmp_path: Path) -> None:
    hungry = f"x = bytearray({60 * MEBIBYTE}); print(len(x), flush=True); import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", hungry], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        used = memory(descendants())
        try:
            with pytest.raises(Ended, match="MB of memory, more than 50 "):
                look(watch(step, tmp_path, memory_mb=50))
        finally:
            process.kill()
    assert 60 * MEBIBYTE < used < 120 * MEBIBYTE


def test_a_folder_on_a_disk_is_no_memory(tmp_path: Path) -> None:
    (tmp_path / "shm").mkdir()
    (tmp_path / "shm/file").write_bytes(bytes(MEBIBYTE))
    assert measure.in_memory(tmp_path) == {}


def test_a_measurement_counts_bytes_and_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(os.urandom(MEBIBYTE))
    taken = Measurement(tmp_path).wait()
    assert (taken.files, taken.size >= MEBIBYTE) == (2, True)

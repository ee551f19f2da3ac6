"""Limits of builds and tests, tried with small processes and small files."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pkgci_steps import limits
from pkgci_steps.limits import Watch, descendants, memory
from pkgci_steps.settings import Limits
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

MEBIBYTE = 1 << 20


@pytest.fixture(autouse=True)
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INSIDE", ())
    monkeypatch.setattr(limits, "_EVERY", 0.0)
    monkeypatch.setattr(limits, "_PAUSE", 0.0)
    monkeypatch.setattr(limits, "_SHARE", 0.0)


def limited(step: Step, **words: int) -> Step:
    changed = dataclasses.replace(Limits(minutes=1, memory_mb=4000, disk_mb=10000), **words)
    return dataclasses.replace(step, settings=dataclasses.replace(step.settings, limits=changed))


def test_a_build_within_its_limits_goes_on(step: Step, tmp_path: Path) -> None:
    watch = Watch(limited(step), tmp_path, "build")
    watch()
    watch()


def test_a_build_that_never_ends_is_ended(step: Step, tmp_path: Path) -> None:
    with (
        pytest.raises(Ended, match="the build took longer than 0 minutes") as caught,
        limits.limited(step, tmp_path, "build", minutes=0),
    ):
        step.programs.run(["sleep", "60"])
    assert caught.value.status is Status.FAILED


def test_a_build_that_fills_the_disk_is_ended_also_where_it_hides_that(step: Step, tmp_path: Path) -> None:
    watch = Watch(limited(step, disk_mb=5), tmp_path, "test")
    watch()
    (tmp_path / "hidden").mkdir(mode=0o700)
    (tmp_path / "hidden/file").write_bytes(os.urandom(6 * MEBIBYTE))
    with pytest.raises(Ended, match="MB of disk, more than 5 ") as caught:
        watch()
    assert caught.value.status is Status.FAILED


def test_what_runs_unwatched_in_between_is_not_ended(step: Step, tmp_path: Path) -> None:
    with limits.limited(step, tmp_path, "build", minutes=0):
        with step.programs.watched(None):
            assert step.programs.run(["true"]) == 0
        with pytest.raises(Ended, match="took longer"):
            step.programs.run(["sleep", "60"])
    assert step.programs.run(["true"]) == 0


def test_a_build_that_eats_memory_is_ended(step: Step, tmp_path: Path) -> None:
    hungry = f"x = bytearray({60 * MEBIBYTE}); print(len(x), flush=True); import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", hungry], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        used = memory(descendants())
        try:
            with pytest.raises(Ended, match="MB of memory, more than 50 "):
                Watch(limited(step, memory_mb=50), tmp_path, "test")()
        finally:
            process.kill()
    assert 60 * MEBIBYTE < used < 120 * MEBIBYTE


def test_a_folder_on_a_disk_is_no_memory(tmp_path: Path) -> None:
    (tmp_path / "shm").mkdir()
    (tmp_path / "shm/file").write_bytes(bytes(MEBIBYTE))
    assert limits._in_memory(tmp_path) == {}

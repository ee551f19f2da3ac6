"""Which workspaces go, and which stay."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.jenkins_agent.conftest import PROGRAM

DAY = 86400.0
NOW = 1_000_000_000.0
PLENTY = (100 * 2**30, 100 * 2**30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three workspaces, last used 20, 5 and 0 days ago."""
    for name, days in (("old", 20), ("middle", 5), ("young", 0)):
        workspace = tmp_path / name
        workspace.mkdir()
        (workspace / "file").write_text("x")
        for path in (workspace / "file", workspace):
            os.utime(path, (NOW - days * DAY, NOW - days * DAY))
    return tmp_path


def run(cleaner: ModuleType, folder: Path, free_bytes: int = 0) -> list[str]:
    limits = cleaner.Limits(age=14 * DAY, idle=1800, free_bytes=free_bytes, free_percent=0)
    return list(cleaner.clean(folder, limits, NOW))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_was_not_used_for_long_goes(cleaner: ModuleType, folder: Path) -> None:
    assert run(cleaner, folder) == ["removed old: last used 20.0 days ago"]
    assert names(folder) == {"middle", "young"}


def test_on_a_full_disk_younger_ones_go_too_but_never_one_used_just_now(cleaner: ModuleType, folder: Path) -> None:
    said = run(cleaner, folder, free_bytes=2**60)
    assert names(folder) == {"young"}
    assert "nearly full" in said[1] and "no workspace is left that could go" in said[2]


def test_removing_ends_when_enough_is_free(cleaner: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = iter([(1, 100), (1, 100), PLENTY, PLENTY])
    monkeypatch.setattr(cleaner, "_space", lambda _: next(space, PLENTY))
    (folder / "old").rename(folder / "older")
    os.utime(folder / "older", (NOW - 6 * DAY, NOW - 6 * DAY))
    os.utime(folder / "older/file", (NOW - 6 * DAY, NOW - 6 * DAY))
    limits = cleaner.Limits(age=14 * DAY, idle=1800, free_bytes=50, free_percent=0)
    list(cleaner.clean(folder, limits, NOW))
    assert "older" not in names(folder) and "young" in names(folder)


def test_a_locked_workspace_stays(cleaner: ModuleType, folder: Path) -> None:
    handle = os.open(folder / "old", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    try:
        assert run(cleaner, folder) == []
    finally:
        os.close(handle)
    assert "old" in names(folder)


def test_a_workspace_with_a_process_in_it_stays(cleaner: ModuleType, folder: Path) -> None:
    (folder / "old/deep").mkdir()
    os.utime(folder / "old", (NOW - 20 * DAY, NOW - 20 * DAY))
    os.utime(folder / "old/deep", (NOW - 20 * DAY, NOW - 20 * DAY))
    with subprocess.Popen(["sleep", "60"], cwd=folder / "old/deep") as process:
        try:
            assert run(cleaner, folder) == []
        finally:
            process.kill()
    assert "old" in names(folder)


def test_a_link_is_neither_followed_nor_a_workspace(cleaner: ModuleType, folder: Path, tmp_path: Path) -> None:
    precious = tmp_path / "young/precious"
    precious.mkdir()
    (folder / "old/link").symlink_to(precious)
    os.utime(folder / "old", (NOW - 20 * DAY, NOW - 20 * DAY))
    os.utime(folder / "old/link", (NOW - 20 * DAY, NOW - 20 * DAY), follow_symlinks=False)
    (folder / "linked").symlink_to(folder / "middle")
    run(cleaner, folder)
    assert names(folder) == {"middle", "young", "linked"} and precious.is_dir()


def test_what_an_interrupted_clean_up_left_goes(cleaner: ModuleType, folder: Path) -> None:
    (folder / "young").rename(folder / ".leaving-young")
    run(cleaner, folder)
    assert names(folder) == {"middle"}


def test_a_deep_folder_does_not_end_the_clean_up(cleaner: ModuleType, folder: Path) -> None:
    place = folder / "old"
    for _ in range(1200):
        place /= "d"
        place.mkdir()
    os.utime(folder / "old/d", (NOW - 20 * DAY, NOW - 20 * DAY))
    os.utime(folder / "old", (NOW - 20 * DAY, NOW - 20 * DAY))
    assert run(cleaner, folder) == ["removed old: last used 20.0 days ago"]
    assert names(folder) == {"middle", "young"}


def test_one_that_cannot_be_deleted_is_said_and_keeps_no_other_one(
    cleaner: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".leaving-old").mkdir()
    (folder / ".leaving-old/stuck").touch()
    delete = cleaner.delete

    def refuse(path: Path) -> None:
        if (path / "stuck").exists():
            raise OSError(errno.ENOTEMPTY, "rm: it is stuck", str(path))
        delete(path)

    monkeypatch.setattr(cleaner, "delete", refuse)
    assert run(cleaner, folder) == [
        "could not remove .leaving-old: rm: it is stuck",
        "removed old: last used 20.0 days ago",
    ]
    assert names(folder) == {".leaving-old", "middle", "young"}


def test_what_rm_complains_of_is_the_reason(cleaner: ModuleType, folder: Path) -> None:
    with pytest.raises(OSError, match="rm: "):
        cleaner.delete(folder / ("x" * 300))


def test_a_file_of_the_future_keeps_no_workspace(cleaner: ModuleType, folder: Path) -> None:
    os.utime(folder / "old/file", (NOW + 9 * DAY, NOW + 9 * DAY))
    os.utime(folder / "middle", (NOW + 9 * DAY, NOW + 9 * DAY))
    assert run(cleaner, folder) == ["removed old: last used 20.0 days ago"]
    assert names(folder) == {"middle", "young"}


def test_where_every_time_is_of_the_future_the_folders_own_change_tells(cleaner: ModuleType, folder: Path) -> None:
    future = time.time() + 900 * DAY
    for path in (folder / "young/file", folder / "young"):
        os.utime(path, (future, future))
    limits = cleaner.Limits(age=14 * DAY, idle=1800, free_bytes=0, free_percent=0)
    list(cleaner.clean(folder, limits, time.time() + 13 * DAY))
    assert "young" in names(folder)
    list(cleaner.clean(folder, limits, time.time() + 15 * DAY))
    assert "young" not in names(folder)


def test_a_workspace_without_rights_goes_like_any_other(folder: Path) -> None:
    (folder / "old").chmod(0)
    limits = ("--days=14", "--free-bytes=0", "--free-percent=0", "--idle-minutes=30")
    # The tests may run as root, whom modes do not stop.
    plain = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    subprocess.run([*plain, sys.executable, PROGRAM, f"--folder={folder}", *limits], check=True)
    assert "old" not in names(folder)


def test_no_rights_are_asked_for_that_the_service_may_not_give(
    cleaner: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "old/shared").mkdir()
    (folder / "old/shared").chmod(0o2500)
    monkeypatch.setattr(cleaner.subprocess, "Popen", _no_rm(cleaner.subprocess.Popen))
    with pytest.raises(OSError, match="rm ended"):
        cleaner.delete(folder / "old")
    assert (folder / "old/shared").stat().st_mode & 0o7777 == 0o700


def _no_rm(popen: Callable[..., Any]) -> Callable[..., Any]:
    return lambda command, **more: popen(["false"] if "rm" in command[0] else command, **more)


def test_bytes_and_percent_must_both_be_free(cleaner: ModuleType) -> None:
    limits = cleaner.Limits(age=1, idle=1, free_bytes=50, free_percent=10)
    assert limits.enough(60, 100)
    assert not limits.enough(40, 100)
    assert not limits.enough(60, 1000)

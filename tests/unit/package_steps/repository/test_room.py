"""What strangers built may not fill the publisher's disk, nor its memory, nor reach its network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from pkgci_steps.repository import room
from pkgci_steps.repository.limited import limited
from pkgci_steps.status import Ended, Status

from .conftest import GOOD, World


def disk(monkeypatch: pytest.MonkeyPatch, free_mb: int, files: int = 10**6) -> None:
    """The disks of the tests have so much left."""
    there = SimpleNamespace(f_bavail=free_mb * 1000, f_frsize=1000, f_files=10**7, f_favail=files)
    monkeypatch.setattr(os, "statvfs", lambda path: there)


def test_what_has_no_room_is_refused_before_anything_of_it_is_fetched(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = world.inputs()
    world.build(inputs, GOOD)
    disk(monkeypatch, 400)
    with pytest.raises(Ended, match="has 400 MB left") as ended:
        world.review(inputs)
    assert ended.value.status is Status.INFRASTRUCTURE
    assert sum("rsync" in words for words in world.tools.called) == 1  # its result.json
    assert not (world.publisher.public / "review/5").exists()


def test_what_was_tested_is_not_released_where_there_is_no_room(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = world.inputs(pipeline="gate")
    world.build(inputs, "1.0-1")
    world.review(inputs)
    disk(monkeypatch, 400)
    with pytest.raises(Ended, match="has 400 MB left"):
        world.promote(inputs)
    assert not world.released.exists


def test_names_of_files_can_be_scarce_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk(monkeypatch, 10**6, files=100)
    with pytest.raises(Ended, match="room for 100 files only"):
        room.check(tmp_path / "not/yet", 1)


def test_a_build_host_that_sends_more_than_it_says_is_cut_off(world: World) -> None:
    inputs = world.inputs()
    world.build(inputs, GOOD)
    rsync = world.tools._rsync

    def flood(words: list[str], place: Path) -> tuple[int, bytes]:
        done = rsync(words, place)
        (Path(words[-1]) / ".flood").write_bytes(b"x" * 2_000_000)
        return done

    world.tools._rsync = flood  # type: ignore[method-assign]
    with pytest.raises(Ended, match="has more than the") as ended:
        world.review(inputs)
    assert ended.value.status is Status.FAILED


ATTEMPTS = {
    "import socket; socket.create_connection(('127.0.0.1', 9), 5)": "Network is unreachable",
    "bytearray(3_000_000_000)": "MemoryError",
    "open('large', 'wb').write(b'x' * 5_000_000)": "File too large",
}


@pytest.mark.parametrize("line", ATTEMPTS)
def test_what_reads_a_package_has_limits_and_no_network(line: str, tmp_path: Path) -> None:
    command = limited([sys.executable, "-c", line])
    if "unshare" not in command and "socket" in line:
        pytest.skip("this kernel lets ordinary accounts make no network namespace")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and ATTEMPTS[line] in done.stderr

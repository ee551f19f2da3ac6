"""Large packs over SSH, many at once, slow readers; and many changes at once."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.unit.lab.contract.replay import HOST, Lab
from tests.unit.lab.review.serving import Door, make_key, ssh_door

_MEGABYTE = 1 << 20
_URL = f"ssh://alice@{HOST}:29418/demo/a"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "state", make_key(tmp_path / "key"), projects=("demo/a", "demo/b"))


@pytest.fixture
def door(lab: Lab, tmp_path: Path) -> Iterator[Door]:
    with ssh_door(lab.review, tmp_path, tmp_path / "key") as door:
        yield door


def git(door: Door, where: Path, *words: str) -> str:
    done = door.git("-c", "core.compression=0", *words, where=where)
    assert done.returncode == 0, done.stdout
    return done.stdout


def pushed(door: Door, directory: Path, number: int, size: int) -> None:
    """Pushes a change with ``size`` bytes that nothing makes smaller."""
    git(door, directory.parent, "clone", "-q", _URL, str(directory))
    (directory / f"blob-{number}").write_bytes(os.urandom(size))
    git(door, directory, "add", "-A")
    git(door, directory, "commit", "-q", "-m", f"Blob {number}", "-m", f"Change-Id: I{number:040x}")
    assert "SUCCESS" in git(door, directory, "push", _URL, "HEAD:refs/for/main")


def fetched(lab: Lab, door: Door, directory: Path, number: int) -> bytes:
    """What a fresh clone has of the change with this Change-Id."""
    (change,) = [c for c in lab.review.changes.values() if c.id == f"I{number:040x}"]
    git(door, directory.parent, "init", "-q", str(directory))
    git(door, directory, "fetch", "-q", _URL, f"refs/changes/{change.number:02}/{change.number}/1")
    git(door, directory, "checkout", "-q", "FETCH_HEAD")
    return (directory / f"blob-{number}").read_bytes()


def all_at_once(count: int, do: Callable[[int], object]) -> None:
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(do, range(1, count + 1)))


def test_packs_of_20_mb_are_pushed_and_fetched_whole_several_at_once(lab: Lab, door: Door, tmp_path: Path) -> None:
    all_at_once(3, lambda number: pushed(door, tmp_path / f"push-{number}", number, 20 * _MEGABYTE))

    def check(number: int) -> None:
        got = fetched(lab, door, tmp_path / f"fetch-{number}", number)
        assert got == (tmp_path / f"push-{number}" / f"blob-{number}").read_bytes()

    all_at_once(3, check)


def test_a_pack_of_60_mb_is_pushed_and_fetched_whole(lab: Lab, door: Door, tmp_path: Path) -> None:
    pushed(door, tmp_path / "push", 1, 60 * _MEGABYTE)
    assert fetched(lab, door, tmp_path / "fetch", 1) == (tmp_path / "push/blob-1").read_bytes()


def test_a_reader_that_dawdles_gets_the_whole_pack_and_holds_up_nobody(lab: Lab, door: Door, tmp_path: Path) -> None:
    pushed(door, tmp_path / "push", 1, 8 * _MEGABYTE)
    commit = lab.review.changes[1].current.revision
    words = [*door.ssh, "alice@review", "git-upload-pack demo/a"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as slow:
        assert slow.stdin
        assert slow.stdout
        while (length := int(slow.stdout.read(4), 16)) > 0:
            slow.stdout.read(length - 4)
        slow.stdin.write(f"0032want {commit}\n00000009done\n".encode())
        slow.stdin.flush()
        time.sleep(0.5)
        started = time.monotonic()
        assert door.run("alice", "gerrit version").returncode == 0
        assert time.monotonic() - started < 5
        assert slow.stdout.read(8) == b"0008NAK\n"
        pack, pieces = b"", 0
        while piece := slow.stdout.read(_MEGABYTE):
            pack += piece
            pieces += 1
            time.sleep(0.05)
    assert pack.startswith(b"PACK")
    index = tmp_path / "slow.pack"
    index.write_bytes(pack)
    done = subprocess.run(["git", "index-pack", "--strict", str(index)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert pieces >= 8


def test_of_a_client_that_goes_in_mid_pack_nothing_goes_on_running(lab: Lab, door: Door, tmp_path: Path) -> None:
    pushed(door, tmp_path / "push", 1, 8 * _MEGABYTE)
    commit = lab.review.changes[1].current.revision
    path = str(lab.review.repository("demo/a").path)
    words = [*door.ssh, "alice@review", "git-upload-pack demo/a"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        assert client.stdin
        assert client.stdout
        client.stdin.write(f"0032want {commit}\n00000009done\n".encode())
        client.stdin.flush()
        assert len(client.stdout.read(_MEGABYTE)) == _MEGABYTE
        assert running(path)
        client.kill()
    deadline = time.monotonic() + 20
    while running(path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not running(path)


def running(text: str) -> list[str]:
    """The command lines of this machine's processes that have ``text`` in them."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(file.read_text(errors="replace").replace("\0", " "))
    return [line for line in found if text in line]


def test_twenty_changes_at_once_are_all_taken_and_told_in_order(lab: Lab, door: Door, tmp_path: Path) -> None:
    projects = ("demo/a", "demo/b")
    for project in projects:
        url = f"ssh://alice@{HOST}:29418/{project}"
        for number in range(10):
            directory = tmp_path / f"{project}-{number}"
            directory.parent.mkdir(exist_ok=True)
            git(door, tmp_path, "clone", "-q", str(lab.review.repository(project).path), str(directory))
            git(door, directory, "remote", "set-url", "origin", url)
            identity = f"I{10 * projects.index(project) + number + 1:040x}"
            git(door, directory, "commit", "-q", "--allow-empty", "-m", f"{number}", "-m", f"Change-Id: {identity}")
    words = [*door.ssh, "zuul@review", "gerrit stream-events -s patchset-created"]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as stream:
        assert stream.stdout
        deadline = time.monotonic() + 30
        while lab.review.listeners < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        lines: list[str] = []
        reader = threading.Thread(target=lambda: lines.extend(stream.stdout.readline() for _ in range(20)))
        reader.start()
        started = time.monotonic()
        places = [tmp_path / f"{project}-{number}" for project in projects for number in range(10)]
        all_at_once(20, lambda count: git(door, places[count - 1], "push", "-q", "origin", "HEAD:refs/for/main"))
        took = time.monotonic() - started
        reader.join(30)
        stream.terminate()
    numbers = [json.loads(line)["change"]["number"] for line in lines]
    assert numbers == list(range(1, 21))
    assert {c.id for c in lab.review.changes.values()} == {f"I{number:040x}" for number in range(1, 21)}
    assert took < 60

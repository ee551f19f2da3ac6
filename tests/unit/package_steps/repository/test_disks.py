"""The served tree on a disk of its own, or on one without hard links."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from pkgci_steps.repository.engine import Repository

from .conftest import World, versions
from .readers import check_readable

TARGETS = ("trixie", "bookworm", "rpm")
MEMORY = Path("/dev/shm")


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another disk than ``tmp_path`` is on."""
    if not os.access(MEMORY, os.W_OK) or MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip(f"{MEMORY} is no other disk here")
    folder = Path(tempfile.mkdtemp(dir=MEMORY))
    yield folder
    shutil.rmtree(folder)


def serve_from(world: World, folder: Path) -> None:
    world.publisher = replace(world.publisher, public=folder)
    world.released = Repository("release", world.publisher)


def released_twice(world: World) -> None:
    """Two releases go the whole way."""
    for number in ("1", "2"):
        for target in TARGETS:
            inputs = world.inputs(pipeline="gate", target=target, change=number, tree="a" * 40)
            world.build(inputs, f"1.0-{number}")
            world.review(inputs)
            check_readable(Repository(f"review/{number}", world.publisher))
        world.promote(world.inputs(pipeline="promote", change=number, tree="a" * 40), *TARGETS)
        check_readable(world.released)
    assert sorted(versions(world.released)) == sorted(f"{target} greet 1.0-{n}" for target in TARGETS for n in "12")


def test_what_is_served_may_be_on_a_disk_of_its_own(world: World, other_disk: Path) -> None:
    serve_from(world, other_disk)
    released_twice(world)
    world.released.tidy()
    assert not list(other_disk.rglob(".new-*"))


def test_released_packages_may_be_on_another_disk_than_those_of_changes(world: World, other_disk: Path) -> None:
    world.publisher.public.mkdir()
    (world.publisher.public / "release").symlink_to(other_disk)
    released_twice(world)


@pytest.mark.parametrize("number", [errno.EPERM, errno.EMLINK, errno.ENOTSUP])
def test_a_file_system_without_hard_links_will_do(world: World, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(source: Path, copy: Path) -> NoReturn:
        raise OSError(number, os.strerror(number), source, None, copy)

    monkeypatch.setattr(os, "link", refuse)
    for version in ("1.0-1", "1.0-2"):
        world.publish(world.entry("greet", version), world.entry("greet", version, "rpm"))
    current = world.released.folder / "current"
    assert len(list((current / "deb/pool").rglob("*.deb"))) == 2
    assert versions(world.released) == [f"{t} greet 1.0-{n}" for n in "12" for t in ("trixie", "rpm")]


def test_a_disk_that_is_full_is_no_reason_to_copy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, copy: Path) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), source, None, copy)

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(OSError, match="No space left"):
        world.publish(world.entry("greet", "1.0"))
    assert not world.released.exists

"""What promote takes over from the account that looks into packages: plain files, as they were tested."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pkgci_steps.repository import beneath
from pkgci_steps.status import Status

from .conftest import World
from .promoting import TARGETS, gate, gated, gates_file, merged, refused


def test_a_record_that_another_account_has_forged_leads_nowhere(world: World) -> None:
    """Who looks into packages keeps the records: what they say becomes a path only where it is a mere name."""
    gate(world, "1.0-1", "trixie")
    path = gated(world).folder / "builds/Z5/trixie.json"
    good = path.read_text()
    for wrong in (
        good.replace('"name": "greet_1.0-1_all.deb"', '"name": "../../../../evil.deb"'),
        good.replace('"source": "greet"', '"source": "../../../evil"'),
        good.replace('"version": "1.0-1"', '"version": "1.0/../../evil"'),
        good.replace('"target": "trixie"', '"target": "../evil"'),
        good.replace('"kind": "deb"', '"kind": "rpm"'),
        good.replace('"architecture": "all"', '"architecture": "all, evil"'),
        "[" * 100_000,
        "{}",
    ):
        path.write_text(wrong)
        refused(world, "is gone", Status.INFRASTRUCTURE)
    path.unlink()
    path.symlink_to("/etc/passwd")
    refused(world, "is gone", Status.INFRASTRUCTURE)
    assert not list(world.folder.rglob("evil*"))


def test_what_is_behind_a_link_is_not_published(world: World) -> None:
    gate(world, "1.0-1", "trixie")
    tested = gates_file(world)
    content = tested.read_bytes()
    (world.folder / "elsewhere").mkdir()
    (world.folder / "elsewhere" / tested.name).write_bytes(content)
    tested.unlink()
    tested.symlink_to(world.folder / "elsewhere" / tested.name)
    refused(world, "not what was tested", Status.INFRASTRUCTURE)
    folder = tested.parent
    shutil.rmtree(folder)
    folder.symlink_to(world.folder / "elsewhere")
    refused(world, "not what was tested", Status.INFRASTRUCTURE)


def test_a_file_that_changes_once_it_was_compared_is_not_published(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate(world, "1.0-1", "trixie")
    compared = beneath.checksum

    def compare_and_change(top: Path, path: str, size: int) -> str:
        found = compared(top, path, size)
        (top / path).write_text("evil")
        return found

    monkeypatch.setattr(beneath, "checksum", compare_and_change)
    refused(world, "is not what was tested any more", Status.INFRASTRUCTURE)


def test_what_is_released_shares_no_file_with_the_account_that_looks(world: World) -> None:
    gate(world, "1.0-1", *TARGETS)
    world.promote(merged(world), *TARGETS)
    for entry in world.released.manifest().entries:
        for file in entry.files:
            assert (world.released.folder / "shared" / entry.folder / file.name).stat().st_nlink == 1

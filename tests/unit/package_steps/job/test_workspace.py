"""What a build can do to its workspace, and how the next one there still begins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pkgci_steps import namespaces

from tests.unit.package_steps.job.conftest import Slave

Change = Callable[[str | None], str]


def nest(folder: Path, levels: int = 1200) -> None:
    """More folders in each other than Python's own ways of removing them get through."""
    for _ in range(levels):
        folder /= "d"
        folder.mkdir()


def test_a_change_with_a_deep_folder_does_not_stop_the_next_build(slave: Slave, change: Change) -> None:
    left = slave.workspace / ".pkgci/0123456789abcdef"
    left.mkdir(parents=True)
    nest(left)
    status, said = slave.run("build", change(None))
    assert status == 0, said
    assert list((slave.workspace / ".pkgci").iterdir()) == [slave.own]


@pytest.mark.parametrize("place", ["main.Runner.run", "main.read_task", "main.own_folder", "main.keep"])
def test_a_fault_of_our_own_is_said_in_words_and_is_no_verdict_on_the_package(
    slave: Slave, change: Change, place: str
) -> None:
    commit = change(None)
    status, said = slave.run("build", commit, broken=place)
    assert status == 3, said
    assert "infrastructure: a fault of pkgci-job, in " in said and "RecursionError: too deep" in said
    assert "Traceback" not in said


def test_what_namespaces_left_goes_however_deep_it_is(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    nest(tmp_path / "left")
    assert namespaces.remove(tmp_path / "left") and not (tmp_path / "left").exists()

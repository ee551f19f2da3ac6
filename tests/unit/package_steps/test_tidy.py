"""What is left over on a slave."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pkgci_steps import tidy


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidy, "_GRACE", -1.0)


def test_a_folder_that_somebody_works_in_is_not_abandoned(tmp_path: Path) -> None:
    for name in (".work-one", ".work-two", "else"):
        (tmp_path / name).mkdir()
    claimed = tidy.claim(tmp_path / ".work-one")
    assert tidy.abandoned(tmp_path) == [tmp_path / ".work-two"]
    os.close(claimed)
    assert set(tidy.abandoned(tmp_path)) == {tmp_path / ".work-one", tmp_path / ".work-two"}


def test_a_step_of_today_may_still_run(tmp_path: Path) -> None:
    (tmp_path / "pkgci-build-x").mkdir()
    assert tidy.abandoned(tmp_path) == []

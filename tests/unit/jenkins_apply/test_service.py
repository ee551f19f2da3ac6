"""Whether Jenkins runs, as systemd says it."""

from __future__ import annotations

from pathlib import Path

import pytest
from jenkins_apply.service import Service

SYSTEMCTL = """#!/bin/sh
cd {folder}
echo "$1" >> asked
case $1 in
    show) cat state ;;
    start) cp after_start state; grep -qx active state ;;
    is-active) grep -qx active state ;;
esac
"""


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a unit's ``state``, and the one ``after_start``."""
    program = tmp_path / "bin/systemctl"
    program.parent.mkdir()
    program.write_text(SYSTEMCTL.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return tmp_path


@pytest.mark.parametrize(("after", "runs"), [("active", True), ("failed", False), ("activating", False)])
def test_a_jenkins_that_is_just_starting_is_judged_when_its_start_has_ended(unit: Path, after: str, runs: bool) -> None:
    (unit / "state").write_text("activating\n")
    (unit / "after_start").write_text(f"{after}\n")
    assert Service().active() is runs
    assert (unit / "asked").read_text().split() == ["show", "start", "is-active"]


@pytest.mark.parametrize(("state", "runs"), [("active", True), ("inactive", False), ("failed", False)])
def test_to_ask_whether_jenkins_runs_starts_none(unit: Path, state: str, runs: bool) -> None:
    (unit / "state").write_text(f"{state}\n")
    assert Service().active() is runs
    assert "start" not in (unit / "asked").read_text().split()

"""pkgci-chroots."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from pkgci_steps.chroots import main
from pkgci_steps.chroots.purpose import Purpose
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step


@pytest.fixture(autouse=True)
def folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("BUILDS", "WORK", "CHROOTS"):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(main, name, tmp_path / name)


def test_a_target_that_cannot_be_made_does_not_keep_the_others(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def refresh(step: Step, target: Target, purpose: Purpose) -> Path:
        if target.name == "trixie":
            raise Ended(Status.INFRASTRUCTURE, "the mirror is gone")
        made.append(target.name)
        return Path(f"{target.name}-{purpose.value}.tar")

    monkeypatch.setattr(main, "refresh", refresh)
    with pytest.raises(Ended, match=r"trixie \(build\): the mirror is gone") as caught:
        main.perform(step)
    assert (caught.value.status, made) == (Status.INFRASTRUCTURE, ["bookworm"])


def test_an_unknown_purpose_is_wrong_use() -> None:
    assert main.purposes("build test") == (Purpose.BUILD, Purpose.TEST)
    for words in ("", "build; rm -rf /", "tests"):
        with pytest.raises(Ended, match=r"any of: build, test, system") as caught:
            main.purposes(words)
        assert caught.value.status is Status.MISUSED


def test_packages_that_nobody_fetched_go_after_three_days(
    step: Step, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(main, "refresh", lambda step, target, purpose: Path("x"))
    for name, days in (("Z1", 4), ("Z2", 2)):
        place = tmp_path / f"BUILDS/{name}/trixie"
        place.mkdir(parents=True)
        (place / "result.json").touch()
        os.utime(place, (time.time() - days * 86400,) * 2)
    main.perform(step)
    assert [place.name for place in (tmp_path / "BUILDS").iterdir()] == ["Z2"]

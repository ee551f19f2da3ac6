"""Tarballs and trees that are kept, who may make one, and who still uses an old one."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from pkgci_steps.chroots import Purpose, ensure, kept
from pkgci_steps.chroots.kept import SUMS, path, refresh, sweep
from pkgci_steps.chroots.makers import MAKERS
from pkgci_steps.layers import ROOT, claimed
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

from .conftest import TRIXIE


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Takes the place of mmdebstrap: where tarballs were written."""
    places: list[Path] = []

    def make(step: Step, target: Target, purpose: Purpose, file: Path) -> None:
        places.append(file)
        time.sleep(0.2)
        text = f"{target.name} {purpose.value} {len(places)}"
        if file.name == ROOT:
            file.mkdir()
            file = file / "what"
        file.write_text(text)

    monkeypatch.setitem(MAKERS, "deb", make)
    monkeypatch.setattr(kept, "NAMESPACE", ())
    monkeypatch.setattr(kept, "disk", lambda *_: 0)
    return places


def test_a_missing_one_is_made_aside_and_renamed(step: Step, made: list[Path], tmp_path: Path) -> None:
    file = ensure(step, TRIXIE, Purpose.BUILD, tmp_path)
    assert (file.name, file.read_text()) == ("trixie-build.tar", "trixie build 1")
    assert made[0] != file
    assert not made[0].exists()


def test_one_that_is_there_is_not_made_again_until_it_is_refreshed(
    step: Step, made: list[Path], tmp_path: Path
) -> None:
    ensure(step, TRIXIE, Purpose.BUILD, tmp_path)
    ensure(step, TRIXIE, Purpose.BUILD, tmp_path)
    assert len(made) == 1
    assert refresh(step, TRIXIE, Purpose.BUILD, tmp_path).read_text() == "trixie build 2"


def test_two_that_need_it_at_once_make_it_once(step: Step, made: list[Path], tmp_path: Path) -> None:
    threads = [threading.Thread(target=ensure, args=(step, TRIXIE, Purpose.BUILD, tmp_path)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_one_that_cannot_be_made_leaves_the_old_one(
    step: Step, made: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = ensure(step, TRIXIE, Purpose.BUILD, tmp_path)

    def fail(step: Step, target: Target, purpose: Purpose, file: Path) -> None:
        file.write_text("half")
        raise Ended(Status.INFRASTRUCTURE, "the mirror is gone")

    monkeypatch.setitem(MAKERS, "deb", fail)
    with pytest.raises(Ended, match="the mirror is gone"):
        refresh(step, TRIXIE, Purpose.BUILD, tmp_path)
    assert file.read_text() == "trixie build 1"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".trixie-build.tar.lock", "trixie-build.tar"]


def test_whoever_waits_for_one_can_be_asked_to_end(step: Step, made: list[Path], tmp_path: Path) -> None:
    thread = threading.Thread(target=refresh, args=(step, TRIXIE, Purpose.BUILD, tmp_path))
    thread.start()
    while not made:
        time.sleep(0.01)
    step.stop.ask()
    with pytest.raises(Ended) as caught:
        refresh(step, TRIXIE, Purpose.BUILD, tmp_path)
    thread.join()
    assert caught.value.status is Status.ABORTED
    assert path(TRIXIE, Purpose.BUILD, tmp_path).exists()


def test_a_tree_is_put_in_the_old_ones_place_at_once_and_the_old_one_goes(
    step: Step, made: list[Path], tmp_path: Path
) -> None:
    link = ensure(step, TRIXIE, Purpose.TEST, tmp_path)
    first = link.resolve()
    assert (link / ROOT / "what").read_text() == "trixie test 1"
    assert list(json.loads((link / SUMS).read_text())) == ["/what"]
    refresh(step, TRIXIE, Purpose.TEST, tmp_path)
    assert (link / ROOT / "what").read_text() == "trixie test 2"
    assert not first.exists()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted(
        [".trixie-test.tree.lock", link.resolve().name, "trixie-test.tree"]
    )


def test_who_uses_a_tree_keeps_it_until_the_end_whatever_takes_its_place(
    step: Step, made: list[Path], tmp_path: Path
) -> None:
    link = ensure(step, TRIXIE, Purpose.TEST, tmp_path)
    with claimed(link) as used:
        refresh(step, TRIXIE, Purpose.TEST, tmp_path)
        assert (used / ROOT / "what").read_text() == "trixie test 1"
        with claimed(link) as new:
            assert (new / ROOT / "what").read_text() == "trixie test 2"
        assert sweep(tmp_path) == []
    assert sweep(tmp_path) == [used]
    assert link.resolve() == new


def test_a_tree_that_cannot_be_made_leaves_the_old_one(
    step: Step, made: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    link = ensure(step, TRIXIE, Purpose.SYSTEM, tmp_path)
    monkeypatch.setitem(MAKERS, "deb", lambda *_: None)
    with pytest.raises(Ended, match="was not made"):
        refresh(step, TRIXIE, Purpose.SYSTEM, tmp_path)
    assert (link / ROOT / "what").read_text() == "trixie system 1"
    assert not list(tmp_path.glob(".work-*"))


def test_a_link_to_nothing_is_told_from_a_tree(tmp_path: Path) -> None:
    with pytest.raises(Ended, match="`pkgci-chroots` makes it"), claimed(tmp_path / "trixie-test.tree"):
        pass

"""One program at a time, for as long as it lives; whoever waits says so once, and can be stopped."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import pytest
from pkgci_steps import locks
from pkgci_steps.locks import locked
from pkgci_steps.programs import Stop
from pkgci_steps.status import Ended, Status


def test_a_lock_that_is_free_is_taken_without_a_word(tmp_path: Path) -> None:
    said: list[str] = []
    with locked(tmp_path / "of/a/folder.lock", Stop(), lambda: said.append("busy")):
        assert said == []


def test_whoever_waits_for_a_lock_says_so_once_and_then_gets_it(tmp_path: Path) -> None:
    said, order = threading.Event(), []

    def wait() -> None:
        with locked(tmp_path / "lock", Stop(), lambda: (order.append("busy"), said.set())):
            order.append("second")

    waiting = threading.Thread(target=wait)
    with locked(tmp_path / "lock", Stop()):
        waiting.start()
        assert said.wait(60)
        # Several looks at the lock later, it has not been said again.
        threading.Event().wait(4 * locks._POLL_SECONDS)
        order.append("first")
    waiting.join(60)
    assert order == ["busy", "first", "second"]


def test_whoever_waits_for_a_lock_ends_when_asked_to(tmp_path: Path) -> None:
    stop = Stop()
    lock, ask = tmp_path / "lock", partial(stop.within, -1)
    with locked(lock, Stop()), pytest.raises(Ended) as ended, locked(lock, stop, ask):
        raise AssertionError("two have it")
    assert ended.value.status is Status.ABORTED


def test_a_lock_whose_file_its_holder_removed_is_taken_anew(tmp_path: Path) -> None:
    with locked(tmp_path / "lock", Stop()):
        (tmp_path / "lock").unlink()
    with locked(tmp_path / "lock", Stop()):
        assert (tmp_path / "lock").exists()

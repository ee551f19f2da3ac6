"""What Zuul asks Gerrit: over SSH, so that Gerrit may keep strangers out, and again where Gerrit was away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.conftest import Lab
from tests.lab.reviewing import Change, Clone, gerrit_away, other_gerrit

# Seconds that Zuul waits before it looks an event up, and in which it must have failed to do so.
LOOKED_UP = 20
# Seconds within which the second of two changes merges after the first; upstream waits for 300 before it goes on.
SOON = 90


@pytest.fixture
def clone(deployed: Lab, tmp_path: Path) -> Clone:
    return Clone(deployed, tmp_path / "hello")


@pytest.fixture
def closed(deployed: Lab) -> Iterator[None]:
    """Gerrit shows anonymous users nothing."""
    with other_gerrit(deployed, "anonymous-read", "off", "on"):
        yield


def two_changes(clone: Clone) -> list[Change]:
    """Two changes that do not depend on each other, checked and approved, the first one first."""
    changes = [clone.propose(f"Let {name} in", {f"{name}.txt": f"{time.time()}\n"}) for name in ("one", "another")]
    for change in changes:
        change.wait_for_vote(1)
    for change in changes:
        change.approve()
    return changes


@pytest.mark.usefixtures("closed")
def test_where_anonymous_users_may_not_read_a_merge_delays_nobody(clone: Clone) -> None:
    first, second = two_changes(clone)
    first.wait_for_merge()
    second.wait_for_merge(SOON)
    log = second.lab.exec("zuul01", "cat", "/var/log/zuul/server.log").stdout
    assert "cannot read the branches" not in log


def test_an_event_that_waits_for_gerrit_outlives_zuul(deployed: Lab, clone: Clone) -> None:
    change = clone.propose("Hold the line, whoever dies", {"held-again.txt": "1\n"})
    with gerrit_away(deployed):
        time.sleep(LOOKED_UP)
        deployed.exec("zuul01", "systemctl", "kill", "--signal=KILL", "zuul-server")
        time.sleep(5)
    change.wait_for_vote(1, seconds=180)
    started = [words for words in change.messages() if "Starting check jobs" in words]
    assert len(started) == 1, change.so_far()

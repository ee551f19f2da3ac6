"""Much at once, and long waits: nothing is lost. Too long for every day: run by ``make prove-real``, or ``-m long``."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.lab.conftest import Lab
from tests.lab.reviewing import Clone, gerrit, gerrit_away, script, wait_until

MANY = 20
# Random bytes, which nothing makes smaller on their way: files of 20 MB.
FILES, SIZE = 10, 20_000_000
AWAY = 600.0
QUICK = script("echo built")
# Seconds for all jobs of MANY changes; the lab's slaves have two executors each.
PATIENCE = 1800.0

pytestmark = pytest.mark.long


@pytest.fixture
def clone(deployed: Lab, tmp_path: Path) -> Clone:
    return Clone(deployed, tmp_path / "hello")


def test_of_twenty_changes_pushed_and_approved_at_once_each_is_tested_and_merged(clone: Clone) -> None:
    changes = [
        clone.propose(f"Be number {number}", {f"many/{number}.txt": f"{time.time()}\n", "ci/build": QUICK})
        for number in range(MANY)
    ]
    for change in changes:
        change.wait_for_vote(1, seconds=PATIENCE)
    for change in changes:
        change.approve()
    for change in changes:
        change.wait_for_merge(PATIENCE)
    clone.start()
    assert {path.name for path in (clone.directory / "many").iterdir()} == {f"{number}.txt" for number in range(MANY)}


def test_a_change_that_brings_200_mb_is_fetched_merged_and_built(clone: Clone) -> None:
    count = script(f"test $(find big -name '*.bin' -size +19000k | wc -l) = {FILES}")
    clone.start()
    for number in range(FILES):
        path = clone.directory / f"big/{number}.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(os.urandom(SIZE))
    clone.commit("Be big", {"ci/build": count})
    change = clone.push()
    try:
        change.wait_for_vote(1, seconds=PATIENCE)
    finally:
        gerrit(clone.lab, "review", "--abandon", change.patch_set)


def test_a_gerrit_that_is_away_for_ten_minutes_loses_no_change(deployed: Lab, clone: Clone) -> None:
    slow = script("sleep 15")
    approved = clone.propose("Pass the gate unheard", {"long.txt": f"{time.time()}\n", "ci/build": slow})
    approved.wait_for_vote(1)
    approved.approve()
    wait_until(lambda: any("Starting gate jobs" in text for text in approved.messages()), 90, approved.so_far)
    pushed = clone.propose("Come just before", {"just.txt": f"{time.time()}\n", "ci/build": QUICK})
    with gerrit_away(deployed):
        time.sleep(AWAY)
    approved.wait_for_merge(PATIENCE)
    pushed.wait_for_vote(1, seconds=PATIENCE)

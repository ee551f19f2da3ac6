"""Whose logs go when all take too much: those of who floods the store, and otherwise the oldest."""

from __future__ import annotations

import time
from collections.abc import Iterable

from pkgci_logs.fair import Kept, too_much
from pkgci_logs.store import build_path


def build(
    number: int,
    age: float,
    *,
    change: int = 1,
    job: str = "job",
    pipeline: str = "check",
    size: int = 1,
    runs: bool = False,
) -> Kept:
    path = build_path(f"{str(change)[-2:]}/{change}/1/{pipeline}/{job}/{number:07x}")
    return Kept(path, -age, size, runs)


def gone(builds: list[Kept], limit: int) -> list[str]:
    """The numbers of those that go, in their order."""
    return [str(int(kept.path.build, 16)) for kept in too_much(builds, limit)]


def of(builds: Iterable[Kept], number: int) -> list[Kept]:
    return [kept for kept in builds if kept.path.change == str(number)]


def test_where_nobody_floods_the_oldest_go() -> None:
    builds = [build(number, age=number, change=number) for number in range(1, 31)]
    assert gone(builds, 27) == ["30", "29", "28"]


def test_a_change_that_floods_loses_its_own_oldest_first_and_others_keep_theirs() -> None:
    others = [build(number, age=50, change=number) for number in range(1, 31)]
    flood = [build(1000 + number, age=number / 100, change=99, size=2) for number in range(50)]
    left = {kept.path for kept in others + flood} - {kept.path for kept in too_much(others + flood, 45)}
    assert {kept.path for kept in others} <= left
    assert gone(others + flood, 45)[:2] == ["1049", "1048"]


def test_a_project_that_floods_with_many_changes_takes_no_other_projects_place() -> None:
    victim = [build(number, age=80, change=number, job="victim-build-trixie") for number in range(1, 11)]
    flood = [build(100 + number, age=0, change=100 + number, job="evil-build-trixie") for number in range(500)]
    assert {kept.path.job for kept in too_much(victim + flood, 20)} == {"evil-build-trixie"}


def test_what_strangers_let_check_build_takes_no_place_of_what_was_released() -> None:
    released = [build(number, age=80, change=number, pipeline="gate") for number in range(1, 11)]
    flood = [build(100 + number, age=0, change=100 + number) for number in range(500)]
    assert {kept.path.pipeline for kept in too_much(released + flood, 20)} == {"check"}


def test_what_runs_stays_and_ends_nothing_early() -> None:
    running = [build(number, age=number, size=10, runs=True) for number in range(1, 4)]
    ended = [build(9, age=1), build(10, age=2, job="other", size=20)]
    assert gone(running + ended, 0) == ["9", "10"]


def test_the_choice_takes_a_time_that_grows_with_the_builds_and_no_faster() -> None:
    def seconds(count: int) -> float:
        builds = [build(number, age=number, change=1 + number % 500, job=f"job{number % 7}") for number in range(count)]
        began = time.process_time()
        assert len(list(too_much(builds, 0))) == count
        return time.process_time() - began

    assert seconds(32_000) < 20 * seconds(4_000) + 0.1

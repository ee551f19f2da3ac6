"""Which logs go, which stay, and what becomes of the folders and pages around them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from pkgci_logs import pages, prune
from pkgci_logs.fair import Kept
from pkgci_logs.prune import DAY
from pkgci_logs.store import BuildPath, Store, build_path

NOW = time.time()


@pytest.fixture
def ages(store: Store, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Builds and how old they are, in days: what counts is when the log server wrote them, which a test cannot set."""
    ages: dict[str, float] = {}
    real = prune.measure

    def measure(store: Store, path: BuildPath, now: float) -> Kept:
        kept = real(store, path, now)
        changed = now - ages[path.text] * DAY
        return Kept(path, changed, kept.size, kept.runs and now - changed < prune.RUNS)

    monkeypatch.setattr(prune, "measure", measure)
    return ages


def add(store: Store, ages: dict[str, float], path: str, days: float, *, ended: bool = True) -> None:
    folder = store.logs / path
    (folder / "artifacts").mkdir(parents=True)
    (folder / "artifacts/a.deb").write_bytes(b"x" * 100_000)
    (folder / "console.txt").write_text("log")
    if ended:
        (folder / "result.json").write_text("{}")
    ages[path] = days


def run(store: Store, days: int = 90, limit: int = 10**9) -> list[str]:
    return list(prune.prune(store, days, limit, NOW))


OLD, MIDDLE, YOUNG = "1/1/1/check/job/0000001", "1/1/2/check/job/0000002", "periodic/job/0000003"


@pytest.fixture
def three(store: Store, ages: dict[str, float]) -> None:
    for path, days in ((OLD, 100), (MIDDLE, 5), (YOUNG, 1)):
        add(store, ages, path, days)


def left(store: Store) -> set[str]:
    return {path.text for path in store.builds()}


@pytest.mark.usefixtures("three")
def test_what_is_too_old_goes_with_the_folders_that_only_it_had(store: Store) -> None:
    (line,) = run(store)
    assert line.startswith(f"removed {OLD} (") and "100.0 days old" in line
    assert left(store) == {MIDDLE, YOUNG} and not (store.logs / "1/1/1").exists()


@pytest.mark.usefixtures("three")
def test_what_is_too_much_goes_oldest_first_and_whole(store: Store) -> None:
    lines = run(store, limit=250_000)
    assert [line.split()[1] for line in lines] == [OLD]
    lines = run(store, limit=120_000)
    assert [line.split()[1] for line in lines] == [MIDDLE] and "the logs take" in lines[0]
    assert left(store) == {YOUNG} and {path.name for path in store.logs.iterdir()} == {"periodic"}


def test_a_build_that_runs_stays_however_much_it_is(store: Store, ages: dict[str, float]) -> None:
    add(store, ages, OLD, 0.1, ended=False)
    add(store, ages, MIDDLE, 0.05)
    assert [line.split()[1] for line in run(store, limit=0)] == [MIDDLE]
    assert left(store) == {OLD}


def test_a_build_whose_host_was_lost_goes_like_any_other(store: Store, ages: dict[str, float]) -> None:
    add(store, ages, OLD, 91, ended=False)
    assert len(run(store)) == 1 and left(store) == set()


def test_no_time_that_was_sent_makes_a_build_younger_or_older(store: Store) -> None:
    (store.logs / OLD).mkdir(parents=True)
    (store.logs / OLD / "result.json").write_text("{}")
    os.utime(store.logs / OLD / "result.json", (0, 0))
    os.utime(store.logs / OLD, (2e9, 2e9))
    changed = prune.measure(store, build_path(OLD), NOW).changed
    assert abs(changed - time.time()) < 60


def test_a_link_is_not_followed(store: Store, ages: dict[str, float], tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_bytes(b"x" * 10**6)
    add(store, ages, OLD, 100)
    (store.logs / OLD / "link").symlink_to(precious)
    (store.logs / "linked").symlink_to(precious)
    assert prune.measure(store, build_path(OLD), NOW).size < 10**6
    run(store)
    assert (precious / "file").exists()


@pytest.mark.usefixtures("three")
def test_what_an_interrupted_run_left_goes(store: Store) -> None:
    (store.logs / YOUNG).rename(store.logs / ".leaving")
    run(store)
    assert not (store.logs / ".leaving").exists()


@pytest.mark.usefixtures("three")
def test_the_program_says_what_went_and_makes_the_pages_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages.show_all(store)
    assert (store.pages / "1/1/1/index.html").exists()
    monkeypatch.setattr("sys.argv", ["prune", str(store.logs), str(store.state), "--days", "90", "--disk", "1"])
    assert prune.main() == 0
    assert "removed 1/1/1/check/job/0000001" in capsys.readouterr().out
    assert not (store.pages / "1/1/1").exists() and "Patch set 2" in (store.pages / "1/1/index.html").read_text()


def test_a_store_that_stays_too_large_is_a_failure_that_names_the_setting(
    store: Store, ages: dict[str, float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add(store, ages, OLD, 0, ended=False)
    monkeypatch.setattr("sys.argv", ["prune", str(store.logs), str(store.state), "--days", "90", "--disk", "0"])
    assert prune.main() == 1
    assert "logs.disk in the site file" in capsys.readouterr().out

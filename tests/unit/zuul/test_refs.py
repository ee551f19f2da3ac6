"""References of tests that are long over go; those of running ones stay, however old their commits are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import zuul_refs

DAY = zuul_refs.DAY


def git(repository: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", repository, *words], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The merger's folder with two repositories; the commit in each is years old."""
    for name in ("packaging/greet", "packaging/greet/more"):
        repository = tmp_path / "git" / name
        subprocess.run(["git", "init", "-q", "-b", "main", repository], check=True)
        words = ("-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "--allow-empty", "-m", "x")
        git(repository, *words, "--date=2020-01-01T00:00:00Z")
    return tmp_path / "git"


def leave(folder: Path, name: str, *references: str) -> None:
    for reference in references:
        git(folder / name, "update-ref", f"refs/zuul/main/{reference}", "HEAD")


def there(folder: Path, name: str) -> list[str]:
    return [line.removeprefix("refs/zuul/main/") for line in zuul_refs.references(folder / name)]


def test_a_reference_goes_so_many_days_after_it_was_first_seen(folder: Path) -> None:
    leave(folder, "packaging/greet", "Z1")
    leave(folder, "packaging/greet/more", "Z2")
    seen, _ = zuul_refs.clear(folder, {}, 30, now=0)
    assert there(folder, "packaging/greet") == ["Z1"]
    git(folder / "packaging/greet", "pack-refs", "--all")
    leave(folder, "packaging/greet", "Z3")
    seen, _ = zuul_refs.clear(folder, seen, 30, now=29 * DAY)
    assert there(folder, "packaging/greet") == ["Z1", "Z3"]
    seen, failures = zuul_refs.clear(folder, seen, 30, now=30 * DAY)
    assert (there(folder, "packaging/greet"), there(folder, "packaging/greet/more")) == (["Z3"], [])
    assert seen == {"packaging/greet": {"refs/zuul/main/Z3": 29 * DAY}, "packaging/greet/more": {}}
    assert failures == []


def test_branches_and_tags_are_left_alone(folder: Path) -> None:
    git(folder / "packaging/greet", "tag", "v1")
    seen, _ = zuul_refs.clear(folder, {}, 0, now=0)
    zuul_refs.clear(folder, seen, 0, now=DAY)
    assert git(folder / "packaging/greet", "for-each-ref", "--format=%(refname)").split() == [
        "refs/heads/main",
        "refs/tags/v1",
    ]


def test_one_that_cannot_be_cleared_is_named_stops_no_other_and_is_tried_again(folder: Path) -> None:
    leave(folder, "packaging/greet", "Z1")
    leave(folder, "packaging/greet/more", "Z2")
    lock = folder / "packaging/greet/.git/refs/zuul/main/Z1.lock"
    lock.touch()
    seen, failures = zuul_refs.clear(folder, {}, 0, now=0)
    assert len(failures) == 1 and failures[0].startswith("packaging/greet: ") and "Z1.lock" in failures[0]
    assert there(folder, "packaging/greet/more") == []
    lock.unlink()
    zuul_refs.clear(folder, seen, 0, now=1)
    assert there(folder, "packaging/greet") == []


def test_the_program_remembers_and_says_what_it_removed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leave(folder, "packaging/greet", "Z1")
    file = tmp_path / "seen.json"
    words = ["--repositories", str(folder), "--seen", str(file), "--days"]
    assert zuul_refs.main([*words, "1"]) == 0
    assert "refs/zuul/main/Z1" in file.read_text()
    assert zuul_refs.main([*words, "0"]) == 0
    assert capsys.readouterr().out == "packaging/greet: references removed: 1, left: 0\n"


def test_a_damaged_memory_is_begun_anew(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leave(folder, "packaging/greet", "Z1")
    file = tmp_path / "seen.json"
    file.write_text("[1")
    assert zuul_refs.main(["--repositories", str(folder), "--seen", str(file), "--days", "30"]) == 0
    assert "begun anew" in capsys.readouterr().err
    assert there(folder, "packaging/greet") == ["Z1"]

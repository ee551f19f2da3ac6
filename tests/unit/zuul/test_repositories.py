"""The merger's repositories, with git itself: what is a conflict, what is not, and whose folder is whose."""

from __future__ import annotations

import errno
import logging
import os
import time
from pathlib import Path
from typing import Any

import pytest
from zuul_py3 import repositories
from zuul_py3.repositories import ConflictError, Repository, UntestedError

from tests.unit.zuul.gitted import Review, git

RESOLVE, MERGE, PICK = ["merge", "-s", "resolve"], ["merge"], ["cherry-pick", "--keep-redundant-commits"]


@pytest.fixture
def review(tmp_path: Path) -> Review:
    return Review(tmp_path / "review")


def clone(review: Review, path: Path) -> Any:
    made = Repository(str(review.folder), str(path), "zuul@pkg.lab.test", "Zuul", logging.getLogger("test"))
    made.update()
    return made


def merged(repository: Any, reference: str, way: list[str] = RESOLVE) -> str:
    return str(repository.merge(repository.branch("main"), reference, way))


@pytest.mark.parametrize("way", [RESOLVE, MERGE, PICK])
def test_a_change_is_merged_onto_its_branch_also_after_a_conflict(
    review: Review, tmp_path: Path, way: list[str]
) -> None:
    good, bad = review.change(1, {"new": "x"}), review.change(2, {"file": "2\n"})
    review.commit({"file": "3\n"})
    repository = clone(review, tmp_path / "git/p")
    for _ in range(2):
        with pytest.raises(ConflictError, match=r"^conflicts in file$"):
            merged(repository, bad, way)
        commit = merged(repository, good, way)
        assert git(tmp_path / "git/p", "show", f"{commit}:file") == "3"
        assert git(tmp_path / "git/p", "show", f"{commit}:new") == "x"


def test_a_change_that_its_branch_has_already_merges(review: Review, tmp_path: Path) -> None:
    change = review.change(1, {"new": "x"})
    git(review.folder, "merge", "--quiet", "--no-ff", "--no-edit", change)
    repository = clone(review, tmp_path / "p")
    assert merged(repository, change) == repository.branch("main")
    assert merged(repository, change, PICK)


def test_submodules_at_different_commits_are_a_conflict(review: Review, tmp_path: Path) -> None:
    one, other = (review.submodules(number, str(number) * 40) for number in (1, 2))
    git(review.folder, "merge", "--quiet", "--ff-only", one)
    repository = clone(review, tmp_path / "p")
    for way in (RESOLVE, MERGE):
        with pytest.raises(ConflictError, match="conflicts in sub"):
            merged(repository, other, way)


def test_a_change_of_another_history_is_told_as_that(review: Review, tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match="no history in common"):
        merged(clone(review, tmp_path / "p"), review.unrelated(1))


def test_a_reference_or_a_branch_that_is_gone_is_no_conflict(review: Review, tmp_path: Path) -> None:
    repository = clone(review, tmp_path / "p")
    with pytest.raises(UntestedError, match="the review has no refs/changes/09/9/1 any more"):
        merged(repository, "refs/changes/09/9/1")
    with pytest.raises(UntestedError, match="there is no branch old"):
        repository.branch("old")


def test_a_review_that_is_away_is_no_conflict_and_one_that_comes_back_is_merged_from(
    review: Review, tmp_path: Path
) -> None:
    change = review.change(1, {"new": "x"})
    repository = clone(review, tmp_path / "p")
    away = review.folder.rename(tmp_path / "away")
    for work in (lambda: merged(repository, change), repository.update):
        with pytest.raises(UntestedError, match="git fetch: fatal: "):
            work()
    with pytest.raises(UntestedError, match="git clone: fatal: "):
        clone(review, tmp_path / "q")
    away.rename(review.folder)
    assert merged(repository, change)
    assert clone(review, tmp_path / "q").branch("main")


def test_a_pack_that_breaks_off_is_no_conflict(review: Review, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone(review, tmp_path / "p")
    change = review.change(1, {"new": "x" * 100})
    breaks = tmp_path / "ssh"
    # The review's end of the line sends half a pack.
    breaks.write_text(
        f"#!/bin/sh\nGIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=uploadpack.packObjectsHook GIT_CONFIG_VALUE_0={tmp_path}/half "
        f"exec git upload-pack {review.folder}\n"
    )
    (tmp_path / "half").write_text('#!/bin/sh\n"$@" | head -c 20\nexit 1\n')
    for program in (breaks, tmp_path / "half"):
        program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH", str(breaks))
    repository = Repository("ssh://review/p", str(tmp_path / "p"), "", "", logging.getLogger("test"))
    monkeypatch.setattr(repositories, "TRANSFER", 20)
    with pytest.raises(UntestedError, match="git fetch: "):
        merged(repository, change)
    assert (tmp_path / "p/.git").is_dir()


def test_a_full_disk_is_no_conflict(review: Review, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = review.change(2, {"file": "2\n"})
    review.commit({"file": "3\n"})
    repository = clone(review, tmp_path / "p")

    def full(*words: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(UntestedError, match="cannot write to its disk: No space left on device"):
        merged(repository, bad)


@pytest.mark.parametrize("harm", ["objects", "HEAD", "config"])
def test_a_repository_that_is_broken_is_cloned_again(review: Review, tmp_path: Path, harm: str) -> None:
    change = review.change(1, {"new": "x"})
    # Without hard links to the review's own files.
    Repository(f"file://{review.folder}", str(tmp_path / "p"), "", "", logging.getLogger("test")).update()
    # As a crash leaves what was not on the disk yet.
    broken = [tmp_path / "p/.git" / harm]
    for file in (file for one in broken for file in ([one] if one.is_file() else one.rglob("*")) if file.is_file()):
        file.chmod(0o600)
        file.write_bytes(b"")
    repository = Repository(f"file://{review.folder}", str(tmp_path / "p"), "", "", logging.getLogger("test"))
    for _ in range(2):
        try:
            repository.update()
        except UntestedError:
            continue
        break
    assert merged(repository, change)


def test_what_a_merger_that_was_killed_left_is_in_nobodys_way(review: Review, tmp_path: Path) -> None:
    change = review.change(1, {"new": "x"})
    clone(review, tmp_path / "p")
    shared = ("packed-refs.lock", "packed-refs.new", "refs/heads/main.lock")
    for name in ("index.lock", "HEAD.lock", "config.lock", *shared):
        (tmp_path / "p/.git" / name).touch()
    for name in shared:
        os.utime(tmp_path / "p/.git" / name, (time.time() - 100,) * 2)
    (tmp_path / "p/.git/index").write_bytes(b"half")
    review.commit({"more": "on main"})
    assert merged(clone(review, tmp_path / "p"), change)


def test_half_a_clone_goes_with_the_next_one(review: Review, tmp_path: Path) -> None:
    (tmp_path / "p/.clone-x/new/.git").mkdir(parents=True)
    clone(review, tmp_path / "p")
    assert [path.name for path in (tmp_path / "p").iterdir()] == [".git"]


def test_a_lock_that_somebody_else_may_hold_is_waited_for(review: Review, tmp_path: Path) -> None:
    clone(review, tmp_path / "p")
    lock = tmp_path / "p/.git/refs/heads/main.lock"
    lock.touch()
    review.commit({"more": "on main"})
    with pytest.raises(UntestedError, match="main"):
        clone(review, tmp_path / "p")
    assert lock.exists()


def test_what_a_git_that_was_killed_left_is_in_the_way_once_at_most(review: Review, tmp_path: Path) -> None:
    change = review.change(1, {"new": "x"})
    repository = clone(review, tmp_path / "p")
    (tmp_path / "p/.git/index.lock").touch()
    with pytest.raises(UntestedError, match=r"index\.lock"):
        merged(repository, change)
    assert merged(repository, change)


@pytest.mark.parametrize("order", [("a/b/c", "a/b", "a"), ("a", "a/b", "a/b/c"), ("a/b", "a/b/c", "a")])
def test_projects_whose_names_begin_with_anothers_share_no_folder(
    review: Review, tmp_path: Path, order: tuple[str, ...]
) -> None:
    # The outer ones have files where the inner ones' names are.
    review.commit({"c": "a file", "b/c/x": "1"})
    changes = {name: review.change(number, {f"new-{number}": "x"}) for number, name in enumerate(order, 1)}
    for _ in range(2):
        for name in order:
            repository = clone(review, tmp_path / name)
            assert merged(repository, changes[name])
            assert git(tmp_path / name, "rev-parse", "--git-dir").endswith(".git")
    assert sorted(path.name for path in (tmp_path / "a/b").iterdir()) == [".git", "c"]


def test_a_repository_of_an_older_merger_loses_the_files_beside_it(review: Review, tmp_path: Path) -> None:
    change = review.change(1, {"new": "x"})
    git(tmp_path, "clone", "--quiet", str(review.folder), str(tmp_path / "p"))
    git(tmp_path / "p", "update-ref", "refs/zuul/main/Z1", "HEAD")
    repository = clone(review, tmp_path / "p")
    assert merged(repository, change)
    assert [path.name for path in (tmp_path / "p").iterdir()] == [".git"]
    assert repository.commit_of("refs/zuul/main/Z1")


def test_a_branch_may_take_the_place_of_a_folder_of_branches_and_a_tag_may_move(review: Review, tmp_path: Path) -> None:
    git(review.folder, "branch", "php")
    git(review.folder, "tag", "v1")
    clone(review, tmp_path / "p")
    git(review.folder, "branch", "--delete", "--force", "php")
    git(review.folder, "branch", "php/8")
    second = review.commit({"file": "2\n"})
    git(review.folder, "tag", "--force", "v1")
    repository = clone(review, tmp_path / "p")
    assert repository.branch("php/8") == review.first
    assert repository.commit_of("refs/tags/v1") == second
    # Jobs fetch branches from here.
    branches = git(tmp_path / "p", "for-each-ref", "--format=%(refname)", "refs/heads").split()
    assert branches == ["refs/heads/main", "refs/heads/php/8"]


def test_a_review_that_has_moved_is_fetched_from_where_it_is_now(review: Review, tmp_path: Path) -> None:
    clone(review, tmp_path / "p")
    review.folder = review.folder.rename(tmp_path / "moved")
    new = review.commit({"file": "2\n"})
    assert clone(review, tmp_path / "p").branch("main") == new


def test_a_fetch_that_never_ends_is_ended_with_all_that_it_started(
    review: Review, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ssh").write_text("#!/bin/sh\nexec sleep 600\n")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("GIT_SSH", str(tmp_path / "ssh"))
    with pytest.raises(UntestedError, match="git ls-remote took longer than 1 s"):
        repositories.git(tmp_path, "ls-remote", "ssh://review/p", seconds=1)


def test_a_repository_of_fifty_megabytes_goes_through(review: Review, tmp_path: Path) -> None:
    review.folder.joinpath("blob").write_bytes(os.urandom(50 * 1000 * 1000))
    change = review.change(1, {"new": "x"})
    review.commit({"other": "2\n"})
    assert merged(clone(review, tmp_path / "p"), change)

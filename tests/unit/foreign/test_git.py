"""A tree from git: the exact commit, from the cache where it cannot have changed, and never through a shell."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pkgci.errors import PkgciError, UsageError
from pkgci.foreign.git import checkout
from tests.unit.foreign.conftest import Repository, git


def test_a_branch_is_checked_out_at_its_present_commit(repository: Repository, tmp_path: Path) -> None:
    first = checkout(repository.url, "main", tmp_path / "cache")
    assert (first.folder / "manifests/site.pp").read_text().startswith("node default")
    new = repository.commit({"manifests/site.pp": "# new\n"})
    second = checkout(repository.url, "main", tmp_path / "cache")
    assert second.name == new != first.name
    assert (second.folder / "manifests/site.pp").read_text() == "# new\n"
    assert (first.folder / "manifests/site.pp").read_text().startswith("node default")


def test_without_a_ref_it_is_the_repositorys_head(repository: Repository, tmp_path: Path) -> None:
    git(repository.folder, "checkout", "--quiet", "-b", "trunk")
    head = repository.commit({"x": "1"})
    assert checkout(repository.url, None, tmp_path / "cache").name == head


def test_tags_and_short_commits_are_refs_too(repository: Repository, tmp_path: Path) -> None:
    commit = git(repository.folder, "rev-parse", "HEAD")
    git(repository.folder, "tag", "--annotate", "--message", "x", "v1.0")
    repository.commit({"x": "1"})
    assert checkout(repository.url, "v1.0", tmp_path / "cache").name == commit
    assert checkout(repository.url, commit[:10], tmp_path / "cache").name == commit


def test_a_full_commit_that_was_fetched_needs_no_network(repository: Repository, tmp_path: Path) -> None:
    commit = checkout(repository.url, "main", tmp_path / "cache").name
    shutil.rmtree(repository.folder)
    assert checkout(repository.url, commit, tmp_path / "cache").name == commit
    with pytest.raises(PkgciError, match="cannot fetch"):
        checkout(repository.url, "main", tmp_path / "cache")


def test_an_unknown_ref_names_the_nearest_one(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no branch, tag or commit 'mian' \(did you mean 'main'\?\)"):
        checkout(repository.url, "mian", tmp_path / "cache")


def test_a_branch_that_moved_back_is_followed(repository: Repository, tmp_path: Path) -> None:
    old = git(repository.folder, "rev-parse", "HEAD")
    repository.commit({"x": "1"})
    checkout(repository.url, "main", tmp_path / "cache")
    git(repository.folder, "reset", "--quiet", "--hard", old)
    assert checkout(repository.url, "main", tmp_path / "cache").name == old


@pytest.mark.parametrize("url", ["ext::sh -c 'touch {}/owned'", "--upload-pack=touch {}/owned", "git://127.0.0.1:1/x"])
def test_no_url_runs_a_command_or_leaves_the_safe_protocols(url: str, tmp_path: Path) -> None:
    with pytest.raises(PkgciError):
        checkout(url.format(tmp_path), None, tmp_path / "cache")
    assert not (tmp_path / "owned").exists()


def test_a_ref_is_never_an_option(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no branch"):
        checkout(repository.url, "--git-dir", tmp_path / "cache")


def test_what_breaks_off_leaves_no_half_tree(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pkgci.foreign.git.shutil.rmtree", lambda path, **options: shutil.os.rename)  # keeps the files
        patch.setattr(Path, "chmod", lambda self, mode: broken(self))
        with pytest.raises(KeyboardInterrupt):
            checkout(repository.url, "main", tmp_path / "cache")
    commit = checkout(repository.url, "main", tmp_path / "cache")
    assert (commit.folder / "manifests/site.pp").exists()
    assert not (commit.folder / ".git").exists()


def test_submodules_come_along(repository: Repository, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.mkdir()
    git(part, "init", "--quiet", "--initial-branch=main")
    Repository(part).commit({"manifests/init.pp": "class part {}\n"})
    git(repository.folder, "submodule", "--quiet", "add", f"file://{part}", "modules/part")
    repository.commit({"x": "1"})
    commit = checkout(repository.url, "main", tmp_path / "cache")
    assert (commit.folder / "modules/part/manifests/init.pp").exists()

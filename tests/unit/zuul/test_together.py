"""The merger: each change names the state of the projects that its own is built with. With git itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import together

PACKAGE, UPSTREAM = "packaging/greet", "openstack/greet"
SERVER = "ssh://zuul@review.example.org:29418/"


class UntestedError(Exception):
    """As the merger tells its faults."""


def git(folder: Path, *words: str) -> str:
    names = ("-c", "user.name=a", "-c", "user.email=a@pkg.lab.test", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *names, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Repository:
    """The merger's repository of a project, over git: what it has fetched is what the review has in ``heads``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.heads: dict[str, str] = {}
        self.updates = 0
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet", "--initial-branch", "main")
        git(folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
        self.grow("main")

    def grow(self, branch: str) -> str:
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message", branch)
        self.heads[branch] = git(self.folder, "rev-parse", "HEAD")
        return self.heads[branch]

    def update(self) -> None:
        self.updates += 1
        for branch, commit in self.heads.items():
            self.note(f"refs/remotes/origin/{branch}", commit)

    def branch(self, name: str) -> str:
        commit = self.commit_of(f"refs/remotes/origin/{name}")
        if commit is None:
            raise UntestedError(f"there is no branch {name}")
        return commit

    def commit_of(self, reference: str) -> str | None:
        command = ["git", "-C", str(self.folder), "rev-parse", "--quiet", "--verify", f"{reference}^{{commit}}"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip() or None

    def note(self, reference: str, commit: str) -> None:
        git(self.folder, "update-ref", reference, commit)


class Merger:
    """Zuul's merger, whose merges are new commits."""

    def __init__(self, folder: Path) -> None:
        self.working_root = str(folder)
        self.repos = {project: Repository(folder / project) for project in (PACKAGE, UPSTREAM)}

    def getRepo(self, project: str, url: str) -> Repository:  # noqa: N802 - Zuul's own
        assert url == SERVER + project
        return self.repos[project]

    def _mergeItem(self, item: dict[str, str], recent: dict[tuple[str, str], str]) -> str:  # noqa: N802 - Zuul's own
        repository = self.repos[item["project"]]
        git(repository.folder, "commit", "--quiet", "--allow-empty", "--message", "merged")
        recent[item["project"], item["branch"]] = git(repository.folder, "rev-parse", "HEAD")
        return recent[item["project"], item["branch"]]

    def updateRepo(self, project: str, connection_name: str, url: str) -> None:  # noqa: N802 - Zuul's own
        self.getRepo(project, url).update()


@pytest.fixture
def merger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    module = SimpleNamespace(Merger=type("Merger", (Merger,), {}))
    together.merge_what_is_built_together(module)
    monkeypatch.setattr(together, "TOGETHER", tmp_path / "together.json")
    say(tmp_path, None)
    return module.Merger(tmp_path / "git")


def say(folder: Path, branch: str | None) -> None:
    (folder / "together.json").write_text(json.dumps({PACKAGE: {UPSTREAM: branch}, UPSTREAM: {PACKAGE: None}}))


def merge(merger: Any, *changes: tuple[str, str, str]) -> list[str]:
    """Merges changes (project, branch, reference), each behind the one before."""
    recent: dict[tuple[str, str], str] = {}
    items = ({"project": one, "branch": branch, "ref": ref, "url": SERVER + one} for one, branch, ref in changes)
    return [merger._mergeItem(item, recent) for item in items]


def test_a_change_names_the_head_of_the_project_that_its_own_is_built_with(merger: Any) -> None:
    head = merger.repos[UPSTREAM].grow("main")
    merge(merger, (PACKAGE, "main", "Z1"))
    assert merger.repos[UPSTREAM].commit_of("refs/zuul/HEAD/Z1") == head
    merger.repos[UPSTREAM].grow("main")
    merge(merger, (PACKAGE, "main", "Z1"))
    assert merger.repos[UPSTREAM].commit_of("refs/zuul/HEAD/Z1") == head, "what is named stays"
    assert merger.repos[UPSTREAM].updates == 1


def test_a_change_names_what_the_changes_ahead_of_it_have_made_of_the_other_project(merger: Any) -> None:
    first, second = merge(merger, (UPSTREAM, "main", "Z1"), (PACKAGE, "main", "Z2"))
    assert merger.repos[UPSTREAM].commit_of("refs/zuul/HEAD/Z2") == first
    assert merger.repos[PACKAGE].commit_of("refs/zuul/HEAD/Z1") not in (None, second)


@pytest.mark.parametrize(
    ("site", "branches", "expected"),
    [
        (None, ("stable", "other"), "stable"),
        (None, ("other",), "main"),
        ("other", ("stable", "other"), "other"),
    ],
)
def test_the_branch_is_the_one_that_the_site_names_or_the_same_or_the_main_one(
    merger: Any, tmp_path: Path, site: str | None, branches: tuple[str, ...], expected: str
) -> None:
    say(tmp_path, site)
    repository = merger.repos[UPSTREAM]
    for branch in branches:
        repository.grow(branch)
    merge(merger, (PACKAGE, "stable", "Z1"))
    assert repository.commit_of("refs/zuul/HEAD/Z1") == repository.heads[expected]


def test_a_branch_that_is_not_there_is_told_with_its_project(merger: Any, tmp_path: Path) -> None:
    say(tmp_path, "nosuch")
    with pytest.raises(UntestedError, match=r"^openstack/greet, which it is built with: there is no branch nosuch$"):
        merge(merger, (PACKAGE, "main", "Z1"))


def test_what_a_clock_starts_finds_both_projects_fetched(merger: Any) -> None:
    merger.updateRepo(PACKAGE, "gerrit", SERVER + PACKAGE)
    assert [merger.repos[project].updates for project in (PACKAGE, UPSTREAM)] == [1, 1]


def test_a_project_that_is_built_alone_is_merged_as_before(merger: Any, tmp_path: Path) -> None:
    (tmp_path / "together.json").unlink()
    merge(merger, (PACKAGE, "main", "Z1"))
    merger.updateRepo(PACKAGE, "gerrit", SERVER + PACKAGE)
    assert merger.repos[UPSTREAM].updates == 0

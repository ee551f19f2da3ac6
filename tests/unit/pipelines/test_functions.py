"""What Zuul tells a publishing job of the change: the git tree that was tested, and the one that was merged."""

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pkgci.model.site import Site
from pkgci.pipelines.layout import render

PROJECT = "packaging/hello"


class Clone:
    """The merger's clone of the project: ``refs/remotes/origin/main`` is what the review has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit("first")

    def git(self, *arguments: str) -> str:
        names = ("-c", "user.name=a", "-c", "user.email=a@pkg.lab.test", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(self.folder), *names, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, name: str) -> str:
        """A commit with one file more; returns it."""
        (self.folder / name).write_text(name)
        self.git("add", name)
        self.git("commit", "--quiet", "--message", name)
        return self.git("rev-parse", "HEAD")

    def tree(self, commit: str) -> str:
        return self.git("rev-parse", f"{commit}^{{tree}}")

    def change(self, name: str) -> str:
        """A patch set on top of main as it is now."""
        self.git("checkout", "--quiet", "--detach", "main")
        made = self.commit(name)
        self.git("checkout", "--quiet", "main")
        return made

    def merge(self, commit: str, *arguments: str) -> str:
        self.git("merge", "--quiet", "--no-edit", *arguments, commit)
        return self.git("rev-parse", "main")

    def fetched(self) -> None:
        self.git("update-ref", "refs/remotes/origin/main", "main")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / PROJECT)


def told(site: Site, clone: Clone, pipeline: str, revision: str, commit: str) -> dict[str, str]:
    """The parameters of a publishing job for the change whose last patch set is ``revision``."""
    text = next(text for name, text in render(site).files.items() if name.startswith("functions-"))
    code: dict[str, Any] = {}
    exec(text.replace("import git\n", ""), code)
    config = SimpleNamespace(get=lambda section, name: str(clone.folder.parents[1]))
    source = SimpleNamespace(sched=SimpleNamespace(config=config))
    change = SimpleNamespace(_data={"currentPatchSet": {"revision": revision}})
    item = SimpleNamespace(pipeline=SimpleNamespace(name=pipeline, source=source), change=change)
    words = {"ZUUL_PROJECT": PROJECT, "ZUUL_CHANGE": "5", "ZUUL_BRANCH": "main", "ZUUL_REF": "r", "ZUUL_COMMIT": commit}
    code["on_publisher"](item, None, words)
    return words


def test_in_the_gate_it_is_the_tree_of_what_zuul_merged(site: Site, clone: Clone) -> None:
    commit = clone.merge(clone.change("a"), "--no-ff")
    assert told(site, clone, "gate", "f" * 40, commit)["PKGCI_TREE"] == clone.tree(commit)


def test_a_change_that_became_the_branch_has_its_own_tree_whatever_came_after(site: Site, clone: Clone) -> None:
    change = clone.merge(clone.change("a"), "--ff-only")
    clone.merge(clone.change("b"), "--no-ff")
    clone.fetched()
    assert told(site, clone, "promote", change, "main")["PKGCI_TREE"] == clone.tree(change)


def test_a_change_that_came_by_a_merge_has_the_tree_of_that_merge(site: Site, clone: Clone) -> None:
    change = clone.change("a")
    clone.commit("before")
    merge = clone.merge(change, "--no-ff")
    clone.merge(clone.change("b"), "--no-ff")
    clone.fetched()
    assert clone.tree(merge) != clone.tree(change)
    assert told(site, clone, "promote", change, "main")["PKGCI_TREE"] == clone.tree(merge)


def test_the_first_commit_of_a_branch_can_be_a_change(site: Site, clone: Clone) -> None:
    first = clone.git("rev-parse", "main")
    clone.fetched()
    assert told(site, clone, "promote", first, "main")["PKGCI_TREE"] == clone.tree(first)


def test_a_change_that_is_not_in_the_branch_has_no_tree(site: Site, clone: Clone) -> None:
    change = clone.change("a")
    clone.fetched()
    assert "PKGCI_TREE" not in told(site, clone, "promote", change, "main")

"""What Zuul tells jobs: the git trees of a change that was tested, and merged; without a change, the branch."""

import json
import subprocess
import sys
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
    exec(text, code)
    config = SimpleNamespace(get=lambda section, name: str(clone.folder.parents[1]))
    source = SimpleNamespace(sched=SimpleNamespace(config=config))
    for kind in ("tested", "merged"):
        (clone.folder.parents[1] / "vouched" / kind).mkdir(parents=True, exist_ok=True)
    change = SimpleNamespace(_data={"currentPatchSet": {"revision": revision}, "status": "MERGED"})
    where = SimpleNamespace(name=pipeline, source=source)
    item = SimpleNamespace(pipeline=where, change=change, current_build_set=SimpleNamespace())
    words = {"ZUUL_PROJECT": PROJECT, "ZUUL_CHANGE": "5", "ZUUL_BRANCH": "main", "ZUUL_COMMIT": commit}
    words |= {"ZUUL_PATCHSET": "2", "ZUUL_REF": "refs/zuul/main/Z1"}
    code["on_publisher"](item, None, words)
    return words


def test_in_the_gate_it_is_the_tree_of_what_zuul_merged(site: Site, clone: Clone) -> None:
    commit = clone.merge(clone.change("a"), "--no-ff")
    assert told(site, clone, "gate", "f" * 40, commit)["PKGCI_TREE"] == clone.tree(commit)


def noted(clone: Clone, path: str) -> str | None:
    """The tree in a note of Zuul's for the publisher."""
    file = clone.folder.parents[1] / "vouched" / path
    return str(json.loads(file.read_text())["tree"]) if file.exists() else None


def test_what_the_gate_tests_and_what_is_merged_is_noted_where_no_job_writes(site: Site, clone: Clone) -> None:
    change = clone.merge(clone.change("a"), "--ff-only")
    clone.fetched()
    told(site, clone, "check", change, change)
    assert noted(clone, "tested/Z1.json") is None
    told(site, clone, "gate", change, change)
    assert noted(clone, "tested/Z1.json") == clone.tree(change)
    assert noted(clone, "merged/5.json") is None
    told(site, clone, "promote", change, "main")
    assert noted(clone, "merged/5.json") == clone.tree(change)


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
    assert noted(clone, "merged/5.json") is None


def started_by_the_clock(site: Site, clone: Clone, **change: str) -> dict[str, str]:
    """The parameters of a job that a timer has started, on a branch or on none."""
    text = next(text for name, text in render(site).files.items() if name.startswith("functions-"))
    code: dict[str, Any] = {}
    exec(text, code)
    config = SimpleNamespace(get=lambda section, name: str(clone.folder.parents[1]))
    source = SimpleNamespace(sched=SimpleNamespace(config=config))
    where = SimpleNamespace(name="periodic", source=source)
    item = SimpleNamespace(pipeline=where, change=SimpleNamespace(**change), current_build_set=SimpleNamespace())
    words = {"ZUUL_PROJECT": PROJECT}
    code["on_slave_build"](item, None, words)
    return words


def test_a_job_without_a_change_is_told_the_head_of_its_branch(site: Site, clone: Clone) -> None:
    clone.git("update-ref", "refs/remotes/origin/debian/trixie", "main")
    told = started_by_the_clock(site, clone, branch="debian/trixie")
    expected = {"ZUUL_BRANCH": "debian/trixie", "ZUUL_REF": "refs/heads/debian/trixie"}
    assert {key: told[key] for key in expected} == expected
    assert told["ZUUL_COMMIT"] == clone.git("rev-parse", "main")


def test_a_job_without_a_branch_is_told_the_head_of_the_main_one_or_nothing(site: Site, clone: Clone) -> None:
    assert "ZUUL_REF" not in started_by_the_clock(site, clone)
    clone.fetched()
    clone.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    assert started_by_the_clock(site, clone)["ZUUL_BRANCH"] == "main"


def test_the_functions_of_a_site_pass_the_type_checks_of_what_goes_to_hosts(site: Site, tmp_path: Path) -> None:
    text = next(text for name, text in render(site).files.items() if name.startswith("functions-"))
    (tmp_path / "functions_of_a_site.py").write_text(text)
    top = Path(__file__).parents[3]
    cache = ["--cache-dir", str(top / ".mypy_cache")]
    check = [sys.executable, "-m", "mypy", "--config-file", "mypy-hosts.ini", *cache, str(tmp_path)]
    done = subprocess.run(check, cwd=top, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout

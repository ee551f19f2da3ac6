"""The job's fetch of git-buildpackage's branches and tags: only what the version needs, from what Zuul merged."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from pkgci_steps.job import attempts
from pkgci_steps.job.fetching import fetch
from pkgci_steps.job.fetching_layout import fetch_layout
from pkgci_steps.job.task import Task
from pkgci_steps.job.trees import Wanted, packaging
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

AUTHOR = {f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
CHANGELOG = "greet (1.0-1) unstable; urgency=medium\n"


class Merger:
    """A repository of Zuul's merger, with one change merged: branches and tags as in the review."""

    def __init__(self, folder: Path, step: Step) -> None:
        self._folder, self._step = folder, step
        self.tree = folder / "tree"
        self.commit: dict[str, str] = {}
        (folder / "p/packaging/greet").mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        where = ["git", "-C", str(self._folder / "p/packaging/greet")]
        return subprocess.run(
            [*where, *words], check=True, capture_output=True, text=True, env={**os.environ, **AUTHOR}
        ).stdout.strip()

    def put(self, ref: str, **files: str) -> str:
        """Commits ``files`` (a path's slash is two underscores) as the only ones of ``ref``."""
        self.git("read-tree", "--empty")
        for name, text in files.items():
            blob = subprocess.run(
                ["git", "-C", str(self._folder / "p/packaging/greet"), "hash-object", "-w", "--stdin"],
                input=text,
                check=True,
                capture_output=True,
                text=True,
            ).stdout.strip()
            self.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name.replace('__', '/')}")
        commit = self.git("commit-tree", self.git("write-tree"), "-m", "x")
        self.git("update-ref", ref, commit)
        return commit

    def fetched(self) -> dict[str, str]:
        """Fetches as a build's job does: the references that are there afterwards, and their commits."""
        values = {"ZUUL_URL": f"file://{self._folder}/p", "ZUUL_PROJECT": "packaging/greet"}
        values["PKGCI_PROJECT"] = values["ZUUL_PROJECT"]
        task = Task("build", self._folder, values | {"ZUUL_REF": "refs/zuul/main/Z1"})
        programs, log, stop = self._step.programs, self._step.log, self._step.stop
        commit = fetch(packaging(task), self.tree, programs, log, stop, "file").commit
        fetch_layout(task, self.tree, commit, programs, log, stop, "file")
        listing = subprocess.run(
            ["git", "-C", str(self.tree), "for-each-ref", "--format=%(refname) %(objectname)"],
            check=True,
            capture_output=True,
            text=True,
        )
        return dict(line.split() for line in listing.stdout.splitlines())  # type: ignore[misc]


@pytest.fixture
def merger(tmp_path: Path, step: Step, monkeypatch: pytest.MonkeyPatch) -> Merger:
    monkeypatch.setattr(attempts, "PAUSES", (0.0, 0.0))
    made = Merger(tmp_path, step)
    made.put("refs/zuul/main/Z1", debian__changelog=CHANGELOG)
    return made


def test_the_versions_own_tag_and_pristine_tar_come_with_the_change(merger: Merger) -> None:
    wanted = {ref: merger.put(ref, file=ref) for ref in ("refs/heads/pristine-tar", "refs/tags/upstream/1.0")}
    for other in ("refs/tags/upstream/0.9", "refs/heads/main", "refs/heads/upstream", "refs/heads/feature"):
        merger.put(other, file=other)
    assert merger.fetched() == wanted


def test_a_branch_that_zuul_merged_with_the_change_goes_before_the_reviews(merger: Merger) -> None:
    merger.put("refs/heads/pristine-tar", file="old")
    merger.put("refs/zuul/pristine-tar/Z2", file="of another run")
    merged = merger.put("refs/zuul/pristine-tar/Z1", file="new")
    assert merger.fetched() == {"refs/heads/pristine-tar": merged}


def test_upstreams_branch_comes_where_there_is_no_tag(merger: Merger) -> None:
    merger.put("refs/heads/pristine-tar", file="x")
    merger.put("refs/heads/upstream/latest", file="y")
    assert set(merger.fetched()) == {"refs/heads/pristine-tar", "refs/heads/upstream/latest"}


def test_the_layout_is_gbp_confs(merger: Merger) -> None:
    conf = "[DEFAULT]\nupstream-tag = v%(version)s\npristine-tar = False\n"
    merger.put("refs/zuul/main/Z1", debian__changelog=CHANGELOG, **{"debian__gbp.conf": conf})
    merger.put("refs/heads/pristine-tar", file="x")
    tag = merger.put("refs/tags/v1.0", file="y")
    assert merger.fetched() == {"refs/tags/v1.0": tag}


@pytest.mark.parametrize(
    "files",
    [
        {"README": "no package\n"},
        {"debian__changelog": "greet (1.0) unstable; urgency=medium\n"},
        {"debian__changelog": "no changelog\n"},
        {"debian__changelog": CHANGELOG, "debian__gbp.conf": "[DEFAULT]\nupstream-tag = --upload-pack=reboot\n"},
        {"debian__changelog": CHANGELOG, "debian__gbp.conf": "no settings\n"},
    ],
)
def test_nothing_more_is_fetched_for_what_has_no_upstream_tarball(merger: Merger, files: dict[str, str]) -> None:
    merger.put("refs/heads/pristine-tar", file="x")
    merger.put("refs/zuul/main/Z1", **files)
    assert merger.fetched() == {}


def test_a_repository_that_goes_away_meanwhile_is_not_the_packages_fault(
    merger: Merger, monkeypatch: pytest.MonkeyPatch, step: Step
) -> None:
    monkeypatch.setattr("pkgci_steps.job.fetching_layout.packaging", lambda task: Wanted("file:///nowhere", task.ref))
    with pytest.raises(Ended) as caught:
        merger.fetched()
    assert caught.value.status is Status.INFRASTRUCTURE

"""Zuul's merger, with git itself: changes one onto the other, and what is told where one cannot be merged."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import merging, names
from zuul_py3.repositories import ConflictError, UntestedError

from tests.unit.zuul.gitted import Review, git


@pytest.fixture
def review(tmp_path: Path) -> Review:
    return Review(tmp_path / "review")


def zuuls_merger(review: Review, folder: Path) -> Any:
    """Zuul's merger, as far as the mending touches it."""

    class Merger:
        def __init__(self) -> None:
            self.repos: dict[str, Any] = {}
            self.working_root, self.email, self.username = str(folder), "zuul@pkg.lab.test", "Zuul"
            self.log = logging.getLogger("test")

        def _setGitSsh(self, connection_name: str) -> None:  # noqa: N802 - Zuul's name
            pass

        def getRepo(self, project: str, url: str | None) -> Any:  # noqa: N802 - Zuul's name
            return self.repos.get(project) or self.addProject(project, url)  # type: ignore[attr-defined]

    model = SimpleNamespace(MERGER_MERGE=1, MERGER_MERGE_RESOLVE=2, MERGER_CHERRY_PICK=3)
    merging.tell_a_conflict_from_a_fault(SimpleNamespace(Merger=Merger, zuul=SimpleNamespace(model=model)))
    return Merger()


def asked(review: Review, project: str, number: int, branch: str = "main") -> dict[str, Any]:
    """What Zuul asks for, for one change."""
    reference = f"refs/changes/{number:02}/{number}/1"
    item = {"project": project, "url": str(review.folder), "branch": branch, "refspec": reference, "ref": f"Z{number}"}
    return {**item, "connection_name": "gerrit", "merge_mode": 2, "number": number}


def test_changes_are_merged_one_onto_the_other_in_each_project_and_named(review: Review, tmp_path: Path) -> None:
    git(review.folder, "branch", "größe")
    review.change(1, {"one": "x"})
    review.change(2, {"two": "x"})
    review.change(3, {"three": "x"}, on="größe")
    merger = zuuls_merger(review, tmp_path / "git")
    items = [asked(review, "a/b", 1), asked(review, "a", 3, "größe"), asked(review, "a/b", 2)]
    commit = merger.mergeChanges(items)
    assert git(tmp_path / "git/a/b", "show", f"{commit}:one", f"{commit}:two") == "xx"
    # Asked for once more, it is there.
    assert merger.mergeChanges(items) == commit
    word = names.of_branch("größe")
    assert merger.getRepo("a", None).commit_of(f"refs/zuul/{word}/Z3")
    assert merger.getRepo("a/b", None).commit_of("refs/zuul/main/Z2") == commit


def test_it_is_told_which_change_of_several_could_not_be_merged_and_how(review: Review, tmp_path: Path) -> None:
    review.change(1, {"file": "2\n"})
    review.change(2, {"file": "3\n"})
    review.change(3, {"new": "x"})
    merger = zuuls_merger(review, tmp_path / "git")
    with pytest.raises(ConflictError, match=r"^conflicts in file$"):
        merger.mergeChanges([asked(review, "p", 1), asked(review, "p", 2)])
    with pytest.raises(ConflictError, match=r"^change 2, which it depends on or waits for: conflicts in file$"):
        merger.mergeChanges([asked(review, "p", number) for number in (1, 2, 3)])
    review.folder.rename(tmp_path / "away")
    for project in ("p", "q"):
        with pytest.raises(UntestedError, match=r"^change 3, which .*: git (fetch|clone): fatal: "):
            merger.mergeChanges([asked(review, project, number) for number in (3, 2)])
        with pytest.raises(UntestedError, match=r"^git (fetch|clone): fatal: "):
            merger.mergeChanges([asked(review, project, 3)])
    with pytest.raises(UntestedError, match=r"^git fetch: fatal: "):
        merger.updateRepo("p", "gerrit", str(review.folder))

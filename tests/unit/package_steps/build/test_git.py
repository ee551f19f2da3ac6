"""The tree that is built."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pkgci_steps.build.git import Tree, check_out
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

from .conftest import PACKAGE, Commit, told

CheckOut = Callable[[str], Tree]


def test_what_is_committed_is_built_and_not_what_lies_beside_it(
    step: Step, commit: Commit, checked_out: CheckOut, tmp_path: Path
) -> None:
    head = commit(PACKAGE)
    (tmp_path / "source/README").write_text("changed\n")
    tree = checked_out("tree")
    assert (tree.commit, tree.time, tree.text("README")) == (head, 1_700_000_000, "hello\n")


def test_a_shallow_tree_can_be_built(step: Step, commit: Commit, tmp_path: Path) -> None:
    commit(PACKAGE)
    head = commit({**PACKAGE, "README": "second\n"})
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{tmp_path}/source", str(shallow)], check=True)
    assert check_out(told(step, source=shallow), tmp_path / "tree").commit == head  # type: ignore[arg-type]


def test_attributes_of_the_tree_do_not_change_its_files(commit: Commit, checked_out: CheckOut) -> None:
    evil = "* text eol=crlf filter=evil ident\n"
    commit({**PACKAGE, ".gitattributes": evil, "id": "$Id$\n"})
    tree = checked_out("tree")
    assert (tree.folder / "id").read_bytes() == b"$Id$\n"


def test_a_link_in_the_tree_is_not_followed(commit: Commit, checked_out: CheckOut, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    commit({"debian/control": f"-> {tmp_path}/secret"})
    assert checked_out("tree").text("debian/control") is None


def test_another_commit_than_the_one_asked_for_is_not_built(step: Step, commit: Commit, tmp_path: Path) -> None:
    commit(PACKAGE)
    with pytest.raises(Ended, match="COMMIT is aaaa") as caught:
        check_out(told(step, commit="a" * 40), tmp_path / "tree")
    assert caught.value.status is Status.MISUSED


def test_a_folder_without_a_commit_is_wrong_use(step: Step, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with pytest.raises(Ended, match="no git tree with a commit") as caught:
        check_out(step, tmp_path / "tree")
    assert caught.value.status is Status.MISUSED

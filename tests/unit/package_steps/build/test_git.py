"""The tree that is built."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pkgci_steps.build.git import Tree, check_out
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

from .conftest import AUTHOR, PACKAGE, Commit, told

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


POINTER = "version https://git-lfs.github.com/spec/v1\n%soid sha256:" + "0" * 64 + "\nsize 12345\n"


@pytest.mark.parametrize("text", [POINTER % "", POINTER % f"ext-0-foo sha256:{'1' * 64}\n"])
def test_a_pointer_in_the_place_of_a_file_is_refused_with_its_path(
    text: str, commit: Commit, checked_out: CheckOut
) -> None:
    commit({**PACKAGE, "art/big picture.png": text})
    with pytest.raises(Ended, match=r"'art/big picture\.png' is a pointer of Git LFS") as caught:
        checked_out("tree")
    assert caught.value.status is Status.FAILED


def test_what_only_tells_of_pointers_is_a_file(commit: Commit, checked_out: CheckOut) -> None:
    files = {"doc": f"A pointer:\n{POINTER % ''}", "first": "version https://git-lfs.github.com/spec/v1\n"}
    commit({**PACKAGE, **files})
    assert checked_out("tree").text("doc") == files["doc"]


def test_a_submodule_is_refused_with_its_path(
    step: Step, commit: Commit, checked_out: CheckOut, tmp_path: Path
) -> None:
    commit(PACKAGE)
    git = ["git", "-C", str(tmp_path / "source")]
    cacheinfo = f"160000,{'1' * 40},third-party/lib"
    subprocess.run([*git, "update-index", "--add", "--cacheinfo", cacheinfo], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "x"], check=True, env={**os.environ, **AUTHOR})
    with pytest.raises(Ended, match="'third-party/lib' is a git submodule") as caught:
        checked_out("tree")
    assert caught.value.status is Status.FAILED

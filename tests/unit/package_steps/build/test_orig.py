"""The upstream tarball."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pkgci_steps.build.git import Tree
from pkgci_steps.build.orig import write_orig
from pkgci_steps.report import sha256

from .conftest import PACKAGE, Commit

CheckOut = Callable[[str], Tree]


@pytest.mark.parametrize("kind", ["xz", "gz"])
def test_commits_that_touch_only_debian_have_the_same_tarball(
    kind: str, commit: Commit, checked_out: CheckOut, tmp_path: Path
) -> None:
    files = {**PACKAGE, "src/a.c": "int a;\n", "link": "-> README"}
    written = []
    for number, rules in enumerate(("one", "two")):
        commit({**files, "debian/rules": rules}, time=1_700_000_000 + number * 99_999)
        file = tmp_path / f"{number}" / f"greet_1.0.orig.tar.{kind}"
        file.parent.mkdir()
        write_orig(checked_out(f"tree{number}"), "greet-1.0", file)
        written.append(sha256(file))
    assert written[0] == written[1]


def test_another_file_gives_another_tarball(commit: Commit, checked_out: CheckOut, tmp_path: Path) -> None:
    for number in range(2):
        commit({**PACKAGE, "README": f"{number}\n"})
        write_orig(checked_out(f"tree{number}"), "greet-1.0", tmp_path / f"{number}.tar.xz")
    assert sha256(tmp_path / "0.tar.xz") != sha256(tmp_path / "1.tar.xz")


def test_it_has_all_of_the_tree_but_debian_and_follows_no_link(
    commit: Commit, checked_out: CheckOut, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret")
    attributes = "README export-ignore\n"
    commit({**PACKAGE, "a/b/c": "", "stolen": f"-> {tmp_path}/secret", ".gitattributes": attributes})
    write_orig(checked_out("tree"), "greet-1.0", tmp_path / "orig.tar.xz")
    with tarfile.open(tmp_path / "orig.tar.xz") as archive:
        names = ["", "/a", "/a/b", "/.gitattributes", "/README", "/a/b/c", "/stolen"]
        assert archive.getnames() == [f"greet-1.0{name}" for name in names]
        assert archive.getmember("greet-1.0/stolen").issym()
        assert {(member.uid, member.uname, member.mtime) for member in archive} == {(0, "root", 946684800)}

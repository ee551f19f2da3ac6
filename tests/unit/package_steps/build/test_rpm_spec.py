"""What is read of spec files, which whoever proposes a change has written."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest
from pkgci_steps.build import rpm_spec
from pkgci_steps.build.git import Entry, Tree
from pkgci_steps.status import Ended, Status

WORDS = "warning: line 3: something\npkgci:greet 1.0.0 1~c12.3\n"
EXPANDED = """\
pkgci-listed:SOURCE0 https://example.org/releases/greet-1.0.0.tar.gz

pkgci-listed:SOURCE10 greet@.service

pkgci-listed:PATCH1 fix.patch
Name:           greet
Version:        1.0.0
%prep
cd '/build/BUILD/greet-1.0.0-build'
cd 'greet-1.0.0'
"""


def tree(*paths: str, mode: str = "100644") -> Tree:
    return Tree(Path("/nowhere"), "0" * 40, 0, tuple(Entry(mode, path.encode()) for path in paths))


@pytest.mark.parametrize("path", ["greet.spec", "packaging/greet.spec", "rpm/greet.spec"])
def test_the_spec_file_is_found_where_trees_have_it(path: str) -> None:
    assert rpm_spec.find(tree("README", path, "tests/data/other.spec")) == PurePosixPath(path)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (tree("README"), "there is no spec file"),
        (tree("a.spec", "rpm/b.spec"), r"several spec files.*a\.spec, rpm/b\.spec"),
        (tree("greet.spec", mode="120000"), "there is no spec file"),
        (tree("-D.spec"), "the spec file's name is not acceptable"),
        (tree("$(id).spec"), "the spec file's name is not acceptable"),
    ],
)
def test_a_tree_without_one_good_spec_file_is_refused(found: Tree, why: str) -> None:
    with pytest.raises(Ended, match=why) as raised:
        rpm_spec.find(found)
    assert raised.value.status is Status.FAILED


def test_the_expanded_spec_tells_its_files_and_the_folder_of_its_tarball() -> None:
    spec = rpm_spec.read(WORDS, EXPANDED)
    assert (spec.name, spec.version, spec.release) == ("greet", "1.0.0", "1~c12.3")
    assert spec.files == ("greet-1.0.0.tar.gz", "greet@.service", "fix.patch")
    assert spec.addresses["greet-1.0.0.tar.gz"] == "https://example.org/releases/greet-1.0.0.tar.gz"
    assert (spec.tarball, spec.folder) == ("greet-1.0.0.tar.gz", "greet-1.0.0")


def test_without_a_known_folder_it_is_the_usual_one() -> None:
    assert rpm_spec.read(WORDS, EXPANDED.replace("cd 'greet-1.0.0'", "cd '../../etc'")).folder == "greet-1.0.0"


@pytest.mark.parametrize("value", ["../../etc/cron.d/x;id", "$(id).tar.gz", "-rf", "..", "a b.tar.gz", "-1.0.tar.gz"])
def test_a_source_that_is_no_harmless_name_is_refused(value: str) -> None:
    with pytest.raises(Ended, match="the spec file's Source is not acceptable"):
        rpm_spec.read(WORDS, f"pkgci-listed:SOURCE0 {value}\n%prep\n")


@pytest.mark.parametrize("words", ["", "error: query of specfile failed", "pkgci:greet 1 2 3"])
def test_a_spec_that_rpmspec_does_not_read_is_refused(words: str) -> None:
    with pytest.raises(Ended, match="rpmspec cannot read the spec file") as raised:
        rpm_spec.read(words, "")
    assert raised.value.status is Status.FAILED


def test_only_plain_files_of_the_tree_are_beside_the_spec() -> None:
    plain = tree("rpm/a.patch", "b.patch", "rpm/data/d.txt")
    links = tree("rpm/c.patch", mode="120000")
    both = Tree(plain.folder, plain.commit, 0, plain.entries + links.entries)
    assert rpm_spec.neighbours(both, PurePosixPath("rpm/greet.spec")) == ["a.patch"]


FAMILY = """\
Name: greet
Version: 1.0^git20240101
Release: 1
Summary: Greets
License: Apache-2.0
Source: https://example.org/get?version=1#/greet-%{version}.tar.gz
Source: greet@.service
Source101: https://example.org/greet.asc
%if 0
Source5: another.txt
%endif
%patchlist
fix.patch
https://example.org/other.patch
%sourcelist
more.txt
%description
Source7: what is said in a description is no tag
%prep
%build
%files
%changelog
"""


@pytest.mark.skipif(shutil.which("rpmspec") is None, reason="this machine has no rpm")
def test_rpm_itself_tells_which_sources_and_patches_a_spec_has_however_they_are_given(tmp_path: Path) -> None:
    file = tmp_path / "greet.spec"
    file.write_text(FAMILY + rpm_spec.LISTING)
    said = [
        subprocess.run(["rpmspec", *words, file], check=True, capture_output=True, text=True).stdout
        for words in (["--query", "--srpm", "--qf", rpm_spec.QUERY], ["--parse"])
    ]
    spec = rpm_spec.read(said[0], said[1])
    assert (spec.version, spec.release, spec.tarball) == ("1.0^git20240101", "1", "greet-1.0^git20240101.tar.gz")
    assert set(spec.files) == {
        *("greet-1.0^git20240101.tar.gz", "greet@.service", "greet.asc", "more.txt", "fix.patch", "other.patch"),
    }
    assert spec.addresses["other.patch"] == "https://example.org/other.patch"

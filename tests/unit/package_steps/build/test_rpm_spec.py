"""What is read of spec files, which whoever proposes a change has written."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from pkgci_steps.build import rpm_spec
from pkgci_steps.build.git import Entry, Tree
from pkgci_steps.status import Ended, Status

WORDS = "warning: line 3: something\npkgci:greet 1.0.0 1~c12.3\n"
EXPANDED = """\
Name:           greet
Version:        1.0.0
Source0:        https://example.org/releases/greet-1.0.0.tar.gz
Source10: greet.sysusers
Patch1:         fix.patch
%description
Source0: what is said in a description is no tag
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


def test_every_release_gets_the_suffix_at_its_end_and_nothing_else_does() -> None:
    text = "Name: a\nRelease:\t1%{?dist}  \n%package b\nrelease: 2\nRequires: a = %{version}-%{release}\n"
    changed = rpm_spec.with_release(text, "~c1.2")
    assert changed == text.replace("1%{?dist}  \n", "1%{?dist}~c1.2  \n").replace("release: 2", "release: 2~c1.2")
    assert rpm_spec.with_release(text, "") == text


def test_a_spec_without_a_release_is_refused() -> None:
    with pytest.raises(Ended, match="no line 'Release: …'"):
        rpm_spec.with_release("Name: a\n", "~c1.2")


def test_the_expanded_spec_tells_its_files_and_the_folder_of_its_tarball() -> None:
    spec = rpm_spec.read(WORDS, EXPANDED)
    assert (spec.name, spec.version, spec.release) == ("greet", "1.0.0", "1~c12.3")
    assert spec.files == ("greet-1.0.0.tar.gz", "greet.sysusers", "fix.patch")
    assert (spec.tarball, spec.folder) == ("greet-1.0.0.tar.gz", "greet-1.0.0")


def test_without_a_known_folder_it_is_the_usual_one() -> None:
    assert rpm_spec.read(WORDS, EXPANDED.replace("cd 'greet-1.0.0'", "cd '../../etc'")).folder == "greet-1.0.0"


@pytest.mark.parametrize("value", ["../../etc/cron.d/x;id", "$(id).tar.gz", "-rf", "..", "a b.tar.gz'"])
def test_a_source_that_is_no_harmless_name_is_refused(value: str) -> None:
    with pytest.raises(Ended, match="the spec file's Source is not acceptable"):
        rpm_spec.read(WORDS, f"Source0: {value.replace(' ', '$')}\n%prep\n")


@pytest.mark.parametrize("words", ["", "error: query of specfile failed", "pkgci:greet 1 2 3"])
def test_a_spec_that_rpmspec_does_not_read_is_refused(words: str) -> None:
    with pytest.raises(Ended, match="rpmspec cannot read the spec file") as raised:
        rpm_spec.read(words, "")
    assert raised.value.status is Status.FAILED


def test_only_plain_files_of_the_tree_are_beside_the_spec() -> None:
    plain = tree("rpm/a.patch", "b.patch")
    links = tree("rpm/c.patch", mode="120000")
    both = Tree(plain.folder, plain.commit, 0, plain.entries + links.entries)
    found = rpm_spec.beside(both, PurePosixPath("rpm/greet.spec"), ["a.patch", "b.patch", "c.patch"])
    assert found == {"a.patch": True, "b.patch": False, "c.patch": False}

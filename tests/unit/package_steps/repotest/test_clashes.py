"""Files that two packages have."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pkgci_steps.repotest import clashes
from pkgci_steps.repotest.world import Package

from .conftest import package

FILES = frozenset({"/usr/bin/greet", "/usr/share/greet"})


class Trial:
    """dpkg, which finds that all of the paths are taken, or the ``found`` ones; ``tried`` is what was tried."""

    def __init__(self, found: list[str] | None = None) -> None:
        self.found = found
        self.tried: list[tuple[str, str]] = []

    def __call__(self, one: Package, other: Package, paths: Sequence[str]) -> list[str]:
        self.tried.append((one.name, other.name))
        return list(paths) if self.found is None else self.found


def messages(own: Package, other: Package, trial: Trial | None = None) -> list[str]:
    contents = {own: FILES, other: frozenset({"/usr/bin/greet"})}
    cases = clashes.cases([own], contents, trial or Trial())
    return [case.message for case in cases if case.message]


def test_a_file_of_another_package_is_a_clash() -> None:
    assert messages(package("greet"), package("other")) == ["/usr/bin/greet is in other 1, too"]


def test_a_path_that_dpkg_diverts_is_no_clash() -> None:
    trial = Trial(found=[])
    assert messages(package("greet"), package("other"), trial) == []
    assert trial.tried == [("other", "greet")], "as it is where the other one was installed before"


def test_packages_without_a_path_in_common_are_not_tried() -> None:
    trial = Trial()
    contents = {package("greet"): FILES, package("other"): frozenset({"/usr/bin/other"})}
    assert [case.message for case in clashes.cases([package("greet")], contents, trial)] == [""]
    assert trial.tried == []


def test_two_packages_of_one_change_are_tried_once_and_both_told() -> None:
    trial = Trial()
    one, other = package("greet"), package("greet-data")
    cases = clashes.cases([one, other], {one: FILES, other: FILES}, trial)
    assert [case.message for case in cases] == [
        "/usr/bin/greet is in greet-data 1, too (and 1 more)",
        "/usr/bin/greet is in greet 1, too (and 1 more)",
    ]
    assert len(trial.tried) == 1


@pytest.mark.parametrize("relation", ["Conflicts", "Breaks", "Replaces"])
@pytest.mark.parametrize(
    ("said", "version", "expected"),
    [
        ("other", "1", True),
        ("x, other (<< 2)", "1", True),
        ("other (<< 2)", "2~rc1", True),
        ("other (<< 2)", "2", False),
        ("other (<= 2)", "2", True),
        ("other (= 2)", "2", True),
        ("other (= 2)", "3", False),
        ("other (>= 2)", "3", True),
        ("other (>> 2)", "2", False),
        ("another", "1", False),
        ("other:any (<< 2)", "1", True),
        ("virtual", "1", True),
        ("virtual (<< 2)", "1", False),
        ("versioned (<< 3)", "1", True),
    ],
)
def test_packages_that_replace_or_exclude_this_very_version_may_have_the_same_file(
    relation: str, said: str, version: str, expected: bool
) -> None:
    other = package("other", version, Provides="virtual, versioned (= 2)")
    trial = Trial()
    assert (messages(package("greet", **{relation: said}), other, trial) == []) == expected
    assert (trial.tried == []) == expected
    assert (messages(other, package("greet", **{relation: said})) == []) == expected


def test_another_version_of_the_package_is_no_other_package() -> None:
    assert messages(package("greet"), package("greet", "0")) == []

"""Files that two packages have."""

from __future__ import annotations

from pkgci_steps.repotest import clashes
from pkgci_steps.repotest.world import Package

from .conftest import package

FILES = frozenset({"/usr/bin/greet", "/usr/share/greet"})


def messages(own: Package, other: Package) -> list[str]:
    cases = clashes.cases([own], {own: FILES, other: frozenset({"/usr/bin/greet"})})
    return [case.message for case in cases if case.message]


def test_a_file_of_another_package_is_a_clash() -> None:
    assert messages(package("greet"), package("other")) == ["/usr/bin/greet is in other 1, too"]


def test_packages_that_replace_or_exclude_each_other_may_have_the_same_file() -> None:
    assert messages(package("greet", Replaces="other (<< 2), x"), package("other")) == []
    assert messages(package("greet", Provides="hello"), package("other", Conflicts="hello")) == []


def test_another_version_of_the_package_is_no_other_package() -> None:
    assert messages(package("greet"), package("greet", "0")) == []

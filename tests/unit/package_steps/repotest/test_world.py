"""The released packages with a change among them."""

from __future__ import annotations

from functools import partial

import pytest
from pkgci_steps.repository import versions
from pkgci_steps.repotest import world
from pkgci_steps.repotest.world import Package
from pkgci_steps.status import Status

from .conftest import package

is_older = partial(versions.is_older, "deb")


def test_users_get_the_newest_version_of_each_package() -> None:
    several = [package("a", "1.9"), package("a", "1.10"), package("b")]
    assert sorted(map(str, world.newest(several, is_older))) == ["a 1.10", "b 1"]


def test_the_packages_of_a_change_stand_in_for_released_ones() -> None:
    assert list(map(str, world.joined([package("a"), package("b")], [package("a", "2")]))) == ["b 1", "a 2"]


def test_packages_that_the_source_makes_no_more_are_told_from_the_others() -> None:
    beside = [package("a", "1"), package("a-doc", "1", source="a"), package("b")]
    assert list(map(str, world.abandoned(beside, [package("a", "2")]))) == ["a-doc 1"]


@pytest.mark.parametrize(
    ("released", "said"),
    [
        (package("a", "3"), "a 3 is released: 2 is older"),
        (package("a", "2", content="other"), "a 2 is released with another content"),
        (package("a", "1", source="b"), "a 1 is released from the source package b"),
        (package("a", "2~c7.1"), ""),
        (package("a", "2"), ""),
        (package("b", "3"), ""),
    ],
)
def test_a_version_clashes_with_what_is_released(released: Package, said: str) -> None:
    (case,) = world.version_cases([released], [package("a", "2")], is_older)
    assert case.message.startswith(said)
    assert case.status is (Status.FAILED if said else Status.PASSED)

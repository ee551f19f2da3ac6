"""Which of two versions is newer."""

from __future__ import annotations

from itertools import pairwise

import pytest
from pkgci_steps.repository.versions import is_older

# Each sorts before the next; the tools' own words: `dpkg --compare-versions`, `rpm.vercmp`.
DEB = (
    "0.9",
    "1.0~~",
    "1.0~c5.1",
    "1.0~c5.2",
    "1.0~c5.10",
    "1.0~rc1-1",
    "1.0-1~c5.2",
    "1.0-1",
    "1.0-1a",
    "1.0-1+b1",
    "1.0-1.1",
    "1.0-9",
    "1.0-10",
    "1.0a",
    "1.0+dfsg-1",
    "1.0.1",
    "1:0.1",
    "10:0.1",
)
RPM = (
    "0.9-1",
    "1.0~rc1-1",
    "1.0-1~c5.1",
    "1.0-1~c5.2",
    "1.0-1~c5.10",
    "1.0-1",
    "1.0-1.el9",
    "1.0-2",
    "1.0-10",
    "1.0^git1-1",
    "1.0a-1",
    "1.0.1-1",
    "1.10-1",
    "1:0.1-1",
)


@pytest.mark.parametrize(("kind", "sorted_"), [("deb", DEB), ("rpm", RPM)])
def test_versions_sort_as_the_tools_sort_them(kind: str, sorted_: tuple[str, ...]) -> None:
    for older, newer in pairwise(sorted_):
        assert is_older(kind, older, newer), (older, newer)
        assert not is_older(kind, newer, older), (older, newer)


@pytest.mark.parametrize(
    ("kind", "one", "other"), [("deb", "1.0", "0:1.0-0"), ("deb", "1.01", "1.1"), ("rpm", "1.01-1", "0:1.1-1")]
)
def test_versions_may_be_the_same_in_other_words(kind: str, one: str, other: str) -> None:
    assert not is_older(kind, one, other)
    assert not is_older(kind, other, one)

"""Versions of builds."""

from __future__ import annotations

from pathlib import Path

import pytest
from pkgci_steps.build.changelog import Release, entry, latest, suffix
from pkgci_steps.inputs import Inputs
from pkgci_steps.status import Ended, Status

from .conftest import CHANGELOG

RESULTS = Path("/out")


def test_the_gate_builds_the_release_and_everything_else_what_sorts_before_it() -> None:
    assert suffix(Inputs(RESULTS, pipeline="gate", change="12", patchset="3")) == ""
    assert suffix(Inputs(RESULTS, pipeline="check", change="12", patchset="3")) == "~c12.3"
    assert suffix(Inputs(RESULTS, pipeline="periodic")) == "~c0.0"
    assert suffix(Inputs(RESULTS)) == "~c0.0"


@pytest.mark.parametrize(
    ("version", "upstream", "name"),
    [("1.0-1", "1.0", "1.0-1"), ("1:2.0-rc1-3", "2.0-rc1", "2.0-rc1-3"), ("3.4", "3.4", "3.4")],
)
def test_upstreams_version_is_what_is_before_the_last_dash(version: str, upstream: str, name: str) -> None:
    release = Release("greet", version)
    assert (release.upstream, release.without_epoch) == (upstream, name)


def test_the_added_entry_is_the_maintainers_at_the_time_of_the_commit() -> None:
    inputs = Inputs(RESULTS, change="12", patchset="3")
    added = entry(Release("greet", "1.0-1~c12.3"), "trixie", inputs, 1_700_000_000, CHANGELOG)
    assert added.splitlines()[0] == "greet (1.0-1~c12.3) trixie; urgency=medium"
    assert " -- Ann <ann@example.org>  Tue, 14 Nov 2023 22:13:20 +0000" in added
    assert latest(added + CHANGELOG) == Release("greet", "1.0-1~c12.3")


@pytest.mark.parametrize(
    "text", ["", "greet 1.0\n", "gr eet (1.0) x; urgency=low\n", "greet (../../x) sid; urgency=low\n"]
)
def test_a_changelog_without_a_release_is_the_packages_fault(text: str) -> None:
    with pytest.raises(Ended, match="debian/changelog does not begin with") as caught:
        latest(text)
    assert caught.value.status is Status.FAILED

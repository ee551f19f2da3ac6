"""%autorelease: a release that is left to the history of a spec."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from pkgci_steps.build.rpm_autorelease import with_number
from pkgci_steps.step import Step

from tests.unit.package_steps.build.conftest import Commit

SPEC = PurePosixPath("greet.spec")


def text(version: str, more: str = "", release: str = "%autorelease") -> str:
    return f"Name: greet\nVersion: {version}\nRelease: {release}\n{more}"


def numbered(step: Step, spec: str, commit: str) -> str:
    lines = with_number(step, spec, SPEC, commit).splitlines()
    return next(line.split()[-1] for line in lines if line.startswith("%global _rpmautospec_release_number"))


def test_the_release_is_the_number_of_commits_since_the_version_changed(step: Step, commit: Commit) -> None:
    numbers = []
    for number, (version, other) in enumerate([("1.0", "a"), ("1.0", "b"), ("1.1", "b"), ("1.1", "c"), ("1.1", "d")]):
        files = {"greet.spec": text(version), "README": other}
        numbers.append(numbered(step, text(version), commit(files, 1_700_000_000 + number)))
    assert numbers == ["1", "2", "1", "2", "3"]


@pytest.mark.parametrize(
    "release", ["%autorelease -b 3", "%{autorelease}", "%{?autorelease}", "%{expand:%autorelease}~c1.2"]
)
def test_every_way_to_ask_for_it_is_seen(step: Step, commit: Commit, release: str) -> None:
    spec = text("1.0", release=release)
    assert numbered(step, spec, commit({"greet.spec": spec})) == "1"


def test_a_spec_that_has_a_release_of_its_own_stays_as_it_is(step: Step) -> None:
    spec = text("1.0", "%install\necho 'Release: %autorelease' >/dev/null\n", release="1")
    assert with_number(step, text("1.0", release="1"), SPEC, "") == text("1.0", release="1")
    assert spec.count("%autorelease") == 1

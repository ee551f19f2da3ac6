"""What `make real-packages` says of packages, without a lab."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.real import made
from tests.real.catalogue import ARCHIVE, MADE, QUICK, Package, chosen
from tests.real.releases import after, next_release
from tests.real.table import Row, markdown, right
from tests.real.way import Verdict

GOOD = ("gate of release 1", Verdict("build", "passed", "built", 10.0))
BAD = ("gate of release 2", Verdict("repotest", "failed", "a|b breaks", 5.0))


def test_at_least_twenty_sources_of_the_archive_and_five_of_our_own_are_taken() -> None:
    assert len(ARCHIVE) >= 20 and len(MADE) == 5
    assert [package.name for package in chosen(QUICK)]
    with pytest.raises(ValueError, match="no such package: nonsense"):
        chosen(["nonsense"])


def test_a_package_that_cannot_be_had_is_neither_right_nor_wrong() -> None:
    package = Package("a", "something")
    rows = [Row(package, [GOOD]), Row(package, [GOOD, BAD]), Row(package, unavailable="404")]
    assert right(rows) == (1, 2)
    page = markdown(rows, "trixie")
    assert "1 of 2 right; 1 could not be fetched" in page
    assert "**wrong** repotest failed (gate of release 2): a\\|b breaks | 15 |" in page
    assert "| not available: 404 | 0 |" in page


def test_a_package_may_be_expected_to_fail_in_a_certain_step() -> None:
    assert Row(Package("a", "something", expected="repotest failed"), [GOOD, BAD]).is_right
    assert not Row(Package("a", "something", expected="repotest failed"), [GOOD]).is_right


@pytest.mark.parametrize(
    ("version", "later"),
    [("1.0-1", "1.0-2"), ("2:1.9", "2:1.10"), ("3.03+dfsg2-8", "3.03+dfsg2-9"), ("1.0~rc", "1.1~rc")],
)
def test_the_next_release_has_the_next_version(version: str, later: str) -> None:
    assert after(version) == later


@pytest.mark.parametrize("name", made.PACKAGES)
def test_our_own_packages_are_source_packages_with_a_next_release(name: str, tmp_path: Path) -> None:
    made.write(name, tmp_path / "tree")
    next_release(tmp_path / "tree")
    parsed = ["dpkg-parsechangelog", "--show-field", "Version", "--file", str(tmp_path / "tree/debian/changelog")]
    version = subprocess.run(parsed, capture_output=True, text=True, check=True).stdout
    assert version.endswith("1.0-2\n")
    assert (tmp_path / "tree/debian/tests/control").is_file()

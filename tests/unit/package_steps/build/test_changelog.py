"""Versions of builds."""

from __future__ import annotations

import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest
from pkgci_steps.build.changelog import Release, built, latest, suffix
from pkgci_steps.inputs import Inputs
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status

from .conftest import CHANGELOG

RESULTS = Path("/out")
CHECK = Inputs(RESULTS, pipeline="check", change="12", patchset="3")
GATE = Inputs(RESULTS, pipeline="gate", change="12", patchset="3")
TRIXIE = Target("trixie", "deb", "trixie", version_suffix="+site1~deb13")
PLAIN = Target("trixie", "deb", "trixie")
TIME = 1_700_000_000


def test_the_gate_builds_the_release_and_everything_else_what_sorts_before_it() -> None:
    assert suffix(GATE) == ""
    assert suffix(CHECK) == "~c12.3"
    assert suffix(Inputs(RESULTS, pipeline="periodic")) == "~c0.0"
    assert suffix(Inputs(RESULTS)) == "~c0.0"


@pytest.mark.parametrize(
    ("version", "upstream", "name"),
    [("1.0-1", "1.0", "1.0-1"), ("1:2.0-rc1-3", "2.0-rc1", "2.0-rc1-3"), ("3.4", "3.4", "3.4")],
)
def test_upstreams_version_is_what_is_before_the_last_dash(version: str, upstream: str, name: str) -> None:
    release = Release("greet", version)
    assert (release.upstream, release.without_epoch) == (upstream, name)


@pytest.mark.parametrize("pipeline", ["gate", "republish"])
def test_a_release_has_the_suffix_of_its_target(pipeline: str) -> None:
    release, entry = built(CHANGELOG, TRIXIE, Inputs(RESULTS, pipeline=pipeline, change="12", patchset="3"), TIME)
    assert (release.version, release.upstream) == ("1.0-1+site1~deb13", "1.0")
    assert entry.splitlines()[0] == "greet (1.0-1+site1~deb13) trixie; urgency=medium"
    assert latest(entry + CHANGELOG).version == release.version


def test_a_build_of_a_change_sorts_before_the_release_with_the_suffix() -> None:
    release, entry = built(CHANGELOG, TRIXIE, CHECK, TIME)
    assert release.version == "1.0-1+site1~deb13~c12.3"
    assert "change 12, patch set 3, by pkgci. This is no release." in entry
    native, _ = built(CHANGELOG.replace("1.0-1", "1.0"), TRIXIE, CHECK, TIME)
    assert native.version == "1.0+site1~deb13~c12.3"


def test_without_a_suffix_a_release_has_the_changelog_as_it_is_and_a_change_is_marked() -> None:
    assert built(CHANGELOG, PLAIN, GATE, TIME) == (Release("greet", "1.0-1", ("unstable",)), "")
    assert built(CHANGELOG, PLAIN, CHECK, TIME)[0].version == "1.0-1~c12.3"


def test_the_added_entry_is_the_maintainers_a_second_after_the_one_below_it() -> None:
    for inputs in (CHECK, GATE):
        _, entry = built(CHANGELOG, TRIXIE, inputs, TIME)
        assert " -- Ann <ann@example.org>  Mon, 05 Jan 2026 09:00:01 +0000" in entry


def test_the_same_tree_gives_the_same_release_whichever_commit_and_change_it_is_of() -> None:
    other = Inputs(RESULTS, pipeline="republish", change="13", patchset="1")
    assert built(CHANGELOG, TRIXIE, GATE, TIME) == built(CHANGELOG, TRIXIE, other, TIME + 1000)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Jan 2026 09:00:00 +0000"])
def test_where_a_changelog_has_no_date_the_commits_is_taken(date: str) -> None:
    text = CHANGELOG.replace("Mon, 05 Jan 2026 09:00:00 +0000", date)
    assert "Tue, 14 Nov 2023 22:13:20 +0000" in built(text, TRIXIE, CHECK, TIME)[1]


def test_dpkg_reads_the_added_entry(tmp_path: Path) -> None:
    release, entry = built(CHANGELOG, TRIXIE, CHECK, TIME)
    file = tmp_path / "changelog"
    file.write_text(entry + CHANGELOG)
    try:
        said = subprocess.run(["dpkg-parsechangelog", "-l", file], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("no dpkg-dev here")
    assert (f"Version: {release.version}\n" in said.stdout, said.stderr) == (True, "")
    moment = datetime(2026, 1, 5, 9, 0, 1, tzinfo=timezone.utc)  # noqa: UP017 (as on hosts)
    assert f"Timestamp: {int(moment.timestamp())}\n" in said.stdout


@pytest.mark.parametrize(("suites", "unreleased"), [("unstable", False), ("UNRELEASED", True), ("a UNRELEASED", True)])
def test_what_a_maintainer_has_not_released_is_known(suites: str, unreleased: bool) -> None:
    assert latest(CHANGELOG.replace("unstable", suites)).is_unreleased is unreleased


@pytest.mark.parametrize(
    "text", ["", "greet 1.0\n", "gr eet (1.0) x; urgency=low\n", "greet (../../x) sid; urgency=low\n"]
)
def test_a_changelog_without_a_release_is_the_packages_fault(text: str) -> None:
    with pytest.raises(Ended, match="debian/changelog does not begin with") as caught:
        latest(text)
    assert caught.value.status is Status.FAILED

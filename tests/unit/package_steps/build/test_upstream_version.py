"""The versions of upstream's commits, in the orders of Python, dpkg and rpm themselves."""

from __future__ import annotations

import shutil
import subprocess
from itertools import pairwise

import pytest
from packaging.version import Version as Python
from pkgci_steps.build.upstream.version import Bump, Version, bump_of, last, parse, unreleased

needs_dpkg = pytest.mark.skipif(shutil.which("dpkg") is None, reason="needs dpkg")
needs_rpm = pytest.mark.skipif(shutil.which("rpm") is None, reason="needs rpm")

# A branch as it grows: what is tagged, and commits after it (None: a tag that is no version).
HISTORY = [
    (None, 3),
    ("0.9", 0),
    ("0.9", 1),
    ("0.9", 12),
    ("v1.0.0a1", 0),
    ("v1.0.0a1", 7),
    ("1.0.0a2", 0),
    ("1.0.0b1", 0),
    ("1.0.0b1", 2),
    ("1.0.0.0rc1", 0),
    ("1.0.0.0rc1", 9),
    ("1.0.0.0rc1", 10),
    ("1.0.0.0rc2", 0),
    ("1.0.0", 0),
    ("1.0.0", 4),
    ("1.0.0.post1", 0),
    ("1.0.0.post1", 3),
    ("1.0.0.post2", 0),
    ("1.0.0.1", 0),
    ("1.0.0.1", 5),
    ("1.0.1a1", 0),
    ("1.0.1", 0),
    ("1.0.1", 99),
    ("1.0.1", 100),
    ("1.1.0rc1", 0),
    ("1.1.0", 0),
    ("2.0.0.0b1", 1),
    ("10.0.0", 0),
    ("2026.1.0", 2),
]


def grown() -> list[Version]:
    return [unreleased(parse(tag) if tag else None, commits) for tag, commits in HISTORY]


def test_pythons_own_order_is_that_of_the_commits() -> None:
    # But for a fourth number, which pbr does not know: it names what follows 1.0.0 1.0.1.
    words = [version.python for version, (tag, _) in zip(grown(), HISTORY, strict=True) if "post" not in str(tag)]
    words = [word for word in words if not word.startswith("1.0.0.")]
    assert words == sorted(words, key=Python)


def test_what_python_is_told_is_as_pep_440_writes_it() -> None:
    assert all(str(Python(version.python)) == version.python for version in grown())


@needs_dpkg
def test_dpkgs_order_is_that_of_the_commits() -> None:
    for one, other in pairwise(version.deb for version in grown()):
        assert subprocess.run(["dpkg", "--compare-versions", f"{one}-9", "lt", f"{other}-1"]).returncode == 0, (
            one,
            other,
        )


@needs_rpm
def test_rpms_order_is_that_of_the_commits() -> None:
    pairs = list(pairwise(version.rpm for version in grown()))
    calls = ", ".join(f'rpm.vercmp("{one}", "{other}")' for one, other in pairs)
    done = subprocess.run(["rpm", "--eval", f"%{{lua:print({calls})}}"], check=True, capture_output=True, text=True)
    assert dict(zip(pairs, done.stdout.split(), strict=True)) == dict.fromkeys(pairs, "-1")


@needs_dpkg
def test_a_distributions_repacked_tarball_of_the_last_tag_is_older() -> None:
    version = unreleased(parse("1.2.0"), 1).deb
    for other in ("1.2.0-1", "1.2.0+dfsg-2", "1.2.0+ds1-1"):
        assert subprocess.run(["dpkg", "--compare-versions", f"{version}-0.1", "gt", other]).returncode == 0


@pytest.mark.parametrize(
    ("tag", "commits", "python", "deb", "rpm"),
    [
        ("3.1.0", 0, "3.1.0", "3.1.0", "3.1.0"),
        ("3.1.0", 9, "3.1.1.dev9", "3.1.0+git9", "3.1.0^git9"),
        ("12.0.0.0rc1", 0, "12.0.0rc1", "12.0.0~rc1", "12.0.0~rc1"),
        ("12.0.0.0rc1", 2, "12.0.0rc2.dev2", "12.0.0~rc1+git2", "12.0.0~rc1^git2"),
        ("12.0.0.0b3", 0, "12.0.0b3", "12.0.0~b3", "12.0.0~b3"),
        ("1.2", 4, "1.2.1.dev4", "1.2+git4", "1.2^git4"),
        ("v255", 1, "255.0.1.dev1", "255+git1", "255^git1"),
        ("1.0.post2", 0, "1.0.post2", "1.0+post2", "1.0.post2"),
        (None, 12, "0.0.1.dev12", "0+git12", "0^git12"),
    ],
)
def test_each_format_writes_a_version_its_own_way(
    tag: str | None, commits: int, python: str, deb: str, rpm: str
) -> None:
    version = unreleased(parse(tag) if tag else None, commits)
    assert (version.python, version.deb, version.rpm) == (python, deb, rpm)


@pytest.mark.parametrize(
    "tag",
    ["master", "debian/1.2", "1.0-1", "debian/1.0-1", "backup-2016", "1.0.2a", "1.0.dev3", "1!2.0", "1.0+x", "x1"],
)
def test_a_tag_that_is_no_version_does_not_count(tag: str) -> None:
    assert parse(tag, "hello") is None


@pytest.mark.parametrize("tag", ["1.2", "v1.2", "V1.2", "release-1.2", "upstream/1.2", "hello-1.2", "Hello_v1.2"])
def test_a_tag_may_say_what_it_is_the_version_of(tag: str) -> None:
    assert parse(tag, "hello") == Version((1, 2))


def test_the_highest_version_is_the_last_one_whatever_was_tagged_last() -> None:
    assert last(["1.9.0", "1.10.0", "1.10.0rc2", "nightly", "0.1"]) == ("1.10.0", Version((1, 10, 0)))
    assert last(["nightly"]) is None


def test_a_release_that_is_written_shorter_than_its_candidate_sorts_after_it() -> None:
    found = last(["1.3.0rc1", "1.3"])
    assert found is not None
    assert (found[0], found[1].deb) == ("1.3", "1.3.0")


@pytest.mark.parametrize(
    ("messages", "bump", "python"),
    [
        ("Fix a typo\n\nsem-ver of it all", Bump.FIX, "1.2.4.dev1"),
        ("Add a flag\n\nSem-Ver: feature\n", Bump.FEATURE, "1.3.0.dev1"),
        ("Add\n\nsem-ver: bugfix, deprecation\n", Bump.FEATURE, "1.3.0.dev1"),
        ("Go\n\nSem-Ver: api-break\n\nAdd\n\nSem-Ver: feature", Bump.BREAK, "2.0.0.dev1"),
    ],
)
def test_commits_say_what_the_next_version_is_as_pbr_reads_them(messages: str, bump: Bump, python: str) -> None:
    assert bump_of(messages) == bump
    assert unreleased(parse("1.2.3"), 1, bump).python == python

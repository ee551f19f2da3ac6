"""What targets add to versions: valid, and in the right place between other versions, as dpkg and rpm compare them."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess

import pytest

from pkgci.model.schema import Target
from pkgci.model.suffixes import version_suffix

SITES = ("lab", "openstack-packaging", "a", "zz-9", "c5-2")
# In the order of the releases.
DEBIAN = ("buster", "bullseye", "bookworm", "trixie", "trixie-backports", "forky", "duke", "testing", "sid")
UBUNTU = ("focal", "jammy", "noble", "plucky", "resolute")
# Each with versions that come after it in Debian: the next revisions and upstream versions.
FOLLOWING = {
    "1.0-1": (
        "1.0-1+deb13u1",
        "1.0-1.1",
        "1.0-2",
        "1.0-10",
        "1.0.1-1",
        "1.0a-1",
        "1.0+dfsg-1",
        "1.1-1",
        "2-1",
        "1:0-1",
    ),
    "2.91-1+deb13u2": ("2.91-1+deb13u3", "2.91-2"),
    "3.03+dfsg2-8": ("3.03+dfsg2-9", "3.03+dfsg3-1"),
    "1.0": ("1.0.1", "1.0+nmu1", "1.0+deb13u1", "1.1", "1.10"),
    "1:2.0~rc1": ("1:2.0~rc2", "1:2.0", "1:2.1"),
    "5.02-1~": ("5.02-1",),
}
UBUNTU_FOLLOWING = {
    "1.0-1": ("1.0-1ubuntu0.24.04.1", "1.0-1ubuntu1", "1.0-1.1", "1.0-2", "1.1-1"),
    "1.0-1ubuntu3": ("1.0-1ubuntu3.1", "1.0-1ubuntu4"),
    "1.0": ("1.0ubuntu1", "1.0.1", "1.1"),
}
# Rebuilds by the distribution itself, which a site's own package takes the place of.
REBUILT = {"deb": ("1.0-1+b1", "1.0-1+b12"), "ubuntu": ("1.0-1build1",)}

needs_dpkg = pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg compares the versions")


def deb(suite: str, site: str = "lab") -> str:
    return version_suffix(site, Target(deb=suite))


def is_before(one: str, other: str) -> bool:
    return subprocess.run(["dpkg", "--compare-versions", one, "lt", other], check=False).returncode == 0


@needs_dpkg
@pytest.mark.parametrize("site", SITES)
def test_a_suffix_sorts_after_the_distributions_version_and_before_its_next_one(site: str) -> None:
    for suites, following in ((DEBIAN, FOLLOWING), (UBUNTU, UBUNTU_FOLLOWING)):
        for suite, (version, later) in itertools.product((suites[1], suites[-1]), following.items()):
            own = version + deb(suite, site)
            assert is_before(version, f"{own}~c12.3") and is_before(f"{own}~c12.3", own)
            assert [one for one in later if not is_before(own, one)] == []


@needs_dpkg
@pytest.mark.parametrize("suites", [(*DEBIAN, "experimental"), (*UBUNTU, "zesty-unknown")], ids=["debian", "ubuntu"])
@pytest.mark.parametrize("version", ["1.0-1", "1.0"])
def test_the_newer_suites_package_sorts_after_the_older_ones(version: str, suites: tuple[str, ...]) -> None:
    own = [version + deb(suite) for suite in suites]
    for one, other in itertools.pairwise(own):
        assert is_before(one, other) and is_before(one, f"{other}~c1.1"), (one, other)


@needs_dpkg
def test_a_sites_package_takes_the_place_of_a_rebuild_by_the_distribution() -> None:
    for suite, rebuilt in (("trixie", REBUILT["deb"]), ("noble", REBUILT["ubuntu"])):
        assert all(is_before(version, "1.0-1" + deb(suite)) for version in rebuilt)


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("suite", (*DEBIAN, *UBUNTU, "experimental", "some-derivative"))
def test_a_suffix_is_valid_in_every_version_and_is_no_check_builds(suite: str, site: str) -> None:
    suffix = deb(suite, site)
    assert re.fullmatch(r"[A-Za-z0-9.+~]+", suffix) and not suffix[0].isdigit()
    assert not re.search(r"~c[0-9]+\.[0-9]+", suffix)
    assert Target(deb=suite, version_suffix=suffix).version_suffix == suffix


@pytest.mark.parametrize(
    ("root", "dist"),
    [
        ("centos-stream+epel-9-x86_64", ".el9.open.stack"),
        ("centos-stream-10-x86_64", ".el10.open.stack"),
        ("rocky+epel-8-aarch64", ".el8.open.stack"),
        ("almalinux+epel-10.1-x86_64", ".el10.open.stack"),
        ("rhel+epel-9-x86_64", ".el9.open.stack"),
        ("fedora-43-x86_64", ".fc43.open.stack"),
        ("fedora-rawhide-x86_64", ""),
        ("opensuse-leap-15.6-x86_64", ""),
    ],
)
def test_an_rpm_target_has_the_dist_of_its_root_and_the_site(root: str, dist: str) -> None:
    assert version_suffix("open-stack", Target(rpm=root)) == dist


def test_an_rpm_target_in_a_chroot_has_the_dist_of_its_suite() -> None:
    suffixes = [version_suffix("lab", Target(rpm=suite, backend="chroot")) for suite in ("bookworm", "trixie", "sid")]
    assert suffixes == [".deb12.lab", ".deb13.lab", ".debunstable.lab"]


@pytest.mark.parametrize("suffix", ["", "+site1~deb13", "~bpo12+1"])
def test_what_the_site_file_says_is_taken_as_it_is(suffix: str) -> None:
    assert version_suffix("lab", Target(deb="trixie", version_suffix=suffix)) == suffix


@pytest.mark.parametrize(
    ("suffix", "words"),
    [
        ("-1", "not a valid version suffix"),
        ("1", "not a valid version suffix"),
        ("+a b", "not a valid version suffix"),
        ("+a:1", "not a valid version suffix"),
        ("+$(id)", "not a valid version suffix"),
        ("+" + "a" * 100, "not a valid version suffix"),
        ("+a\n", "not a valid version suffix"),
        ("~c5.2", "ends like the version of a check build"),
        ("+a~c5.2.el9", "ends like the version of a check build"),
    ],
)
def test_a_suffix_that_no_version_can_have_is_refused(suffix: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Target(deb="trixie", version_suffix=suffix)

"""Builds by hand on the build slave: what they leave, what they may not do, and what they may take."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from pkgci.model.suffixes import version_suffix
from tests.lab.conftest import Lab
from tests.lab.log_sending import as_agent

# A package that needs nothing but dpkg, so that it is built in seconds. BUILD is what its build does.
RULES = """#!/usr/bin/make -f
build build-arch build-indep:
\tBUILD
binary-arch:
binary-indep binary: build
\tmkdir -p debian/tiny/DEBIAN debian/tiny/usr/share/tiny
\techo tiny >debian/tiny/usr/share/tiny/file
\tdpkg-gencontrol -Pdebian/tiny
\tdpkg-deb --root-owner-group --build debian/tiny ..
clean:
.PHONY: build build-arch build-indep binary binary-arch binary-indep clean
"""
CONTROL = """Source: tiny
Section: misc
Priority: optional
Maintainer: Ann <ann@example.org>
Standards-Version: 4.7.0
Rules-Requires-Root: no

Package: tiny
Architecture: all
Description: smallest thing that can be built
 It has one file.
"""
CHANGELOG = (
    "tiny (1.0) unstable; urgency=low\n\n  * New.\n\n -- Ann <ann@example.org>  Mon, 05 Jan 2026 09:00:00 +0000\n"
)
# For debian/gbp.conf: what git-buildpackage would run on the host.
HOOKS = "[DEFAULT]\nbuilder = touch /tmp/ran-on-the-host\npostexport = touch /tmp/ran-on-the-host\n"

# A repository in git-buildpackage's layout, around debian/: upstream's tarball is in pristine-tar only.
LAYERED = "layered"
LAYOUT = """set -e
mkdir -p ../upstream/tiny-1.0
echo hello >../upstream/tiny-1.0/README
tar -C ../upstream -c tiny-1.0 | gzip -1 >../upstream/tiny_1.0.orig.tar.gz
mv debian ../upstream
git init -q -b main
gbp import-orig --pristine-tar --no-interactive --debian-branch=main --upstream-version=1.0 ../upstream/tiny_1.0.*
mv ../upstream/debian .
sed -i 's/(1.0)/(1.0-1)/' debian/changelog
echo '3.0 (quilt)' >debian/source/format
"""

# Package → what its build does.
BUILDS = {
    "good": "true",
    LAYERED: "true",
    "networked": "perl -MIO::Socket::INET -e 'IO::Socket::INET->new(q(PUBLISHER:443)) or die'",
    "endless": "(trap '' TERM; setsid sleep 3600 &) >/dev/null 2>&1; trap '' TERM; sleep 3600",
    # 700 MB in a file that only memory has: memfd_create(2).
    "hungry": "perl -e 'my $$n = q(x); open F, q(>&=), syscall 319, $$n, 0; print F $$n x 1e6 for 1..700; sleep 60'",
    "greedy": "mkdir -m 700 hidden; dd if=/dev/zero of=hidden/file bs=1M; sleep 3600",
}
# In place of the site's limits, where a build is to pass one.
LIMITS = {"endless": {"minutes": 1}, "hungry": {"memory_mb": 400}, "greedy": {"disk_mb": 1200}}


@dataclass(frozen=True)
class Built:
    """How the builds ended: name → exit status and result.json."""

    lab: Lab
    status: dict[str, int]
    result: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def built(bootstrapped: Lab) -> Built:
    """All builds, side by side."""
    settings = json.loads(bootstrapped.exec("build01", "cat", "/etc/pkgci/steps.json").stdout)
    as_agent(
        bootstrapped,
        "build01",
        "rm -rf tiny; mkdir tiny; git config --global user.email x; git config --global user.name x",
    )
    runs = []
    for name, does in BUILDS.items():
        folder = f"/srv/jenkins/tiny/{name}"
        bootstrapped.exec("build01", "mkdir", "-p", f"{folder}/debian/source")
        rules = RULES.replace("BUILD", does).replace("PUBLISHER", bootstrapped.site.host("pub01").address)
        texts = {"rules": rules, "control": CONTROL, "changelog": CHANGELOG, "gbp.conf": HOOKS}
        for file, text in {**texts, "source/format": "3.0 (native)"}.items():
            bootstrapped.put("build01", f"{folder}/debian/{file}", text)
        bootstrapped.put(
            "build01",
            f"/root/{name}.json",
            json.dumps({**settings, "limits": {**settings["limits"], **LIMITS.get(name, {})}}),
        )
        given = f"PROJECT=packaging/greet TARGET=trixie REF=refs/zuul/main/{name} SOURCE={folder} RESULTS={folder}.out"
        as_whom = f"runuser -u jenkins -- env {given} pkgci-build >/dev/null 2>&1; echo $? >/root/{name}.status"
        runs.append(f"unshare -m sh -c 'mount --bind /root/{name}.json /etc/pkgci/steps.json; {as_whom}' &")
    bootstrapped.exec("build01", "chown", "-R", "jenkins:", "/srv/jenkins/tiny")
    commit = "chmod 755 debian/rules; git init -q; git add -A; git -c user.name=x -c user.email=x commit -q -m tiny"
    as_agent(bootstrapped, "build01", f"cd tiny/{LAYERED}; {LAYOUT}")
    as_agent(bootstrapped, "build01", f"for name in {' '.join(BUILDS)}; do (cd tiny/$name; {commit}); done")
    bootstrapped.exec("build01", "sh", "-c", f"cd /; {' '.join(runs)} wait")
    status = {name: int(bootstrapped.exec("build01", "cat", f"/root/{name}.status").stdout) for name in BUILDS}
    results = {name: as_agent(bootstrapped, "build01", f"cat tiny/{name}.out/result.json") for name in BUILDS}
    return Built(bootstrapped, status, {name: json.loads(text) for name, text in results.items()})


def test_a_build_leaves_its_packages_for_the_publisher_alone_to_fetch(built: Built) -> None:
    result = built.result["good"]
    version = f"1.0{version_suffix(built.lab.site.name, built.lab.site.targets['trixie'])}~c0.0"
    assert (built.status["good"], result["status"], result["version"]) == (0, "passed", version), result["reason"]
    names = {file["name"] for file in result["files"]}
    assert {f"tiny_{version}_all.deb", f"tiny_{version}.dsc", f"tiny_{version}.tar.xz"} <= names
    fetch = "rsync -e 'ssh -i /etc/pkgci/keys/fetch_review -o StrictHostKeyChecking=accept-new' -r"
    host = built.lab.site.host("build01").fqdn
    listed = built.lab.exec("pub01", "sh", "-c", f"{fetch} fetch@{host}:good/trixie/").stdout
    assert names | {"result.json", "log.txt"} <= {line.split()[-1] for line in listed.splitlines()}
    # Neither what lies elsewhere, nor a way to write.
    for words in (f"fetch@{host}:../chroots/", f"/etc/hostname fetch@{host}:good/trixie/"):
        assert built.lab.exec("pub01", "sh", "-c", f"{fetch} {words}", check=False).returncode != 0


def test_the_source_package_has_the_tarball_that_pristine_tar_keeps(built: Built) -> None:
    result = built.result[LAYERED]
    assert (result["status"], result["origin"]["kind"]) == ("passed", "git-buildpackage"), result["reason"]
    (tarball,) = (file for file in result["files"] if file["name"].startswith("tiny_1.0.orig.tar."))
    kept = as_agent(built.lab, "build01", f"sha256sum tiny/upstream/{tarball['name']}")
    assert kept.split()[0] == tarball["sha256"]


def test_what_a_tree_says_of_git_buildpackage_does_not_run_on_the_host(built: Built) -> None:
    assert built.lab.exec("build01", "test", "-e", "/tmp/ran-on-the-host", check=False).returncode == 1


def test_a_build_that_needs_the_network_fails(built: Built) -> None:
    assert (built.status["networked"], built.result["networked"]["status"]) == (1, "failed")
    assert built.result["networked"]["reason"].startswith("the build failed")


def test_a_build_that_never_ends_is_ended(built: Built) -> None:
    assert built.status["endless"] == 1
    assert "took longer than 1 minute" in built.result["endless"]["reason"]


def test_a_build_that_hides_its_memory_in_a_file_without_a_name_is_ended(built: Built) -> None:
    assert built.status["hungry"] == 1
    assert built.result["hungry"]["reason"] == "the build took more than 400 MB of memory (site file: builds)"


def test_a_build_that_fills_the_disk_is_ended(built: Built) -> None:
    assert built.status["greedy"] == 1
    assert "MB of disk, more than 1200" in built.result["greedy"]["reason"]


def test_nothing_of_a_build_is_left_but_its_results(built: Built) -> None:
    assert as_agent(built.lab, "build01", "ls -A /srv/pkgci/work; pgrep -fa '[s]leep 3600|[s]build' || true") == ""
    assert set(as_agent(built.lab, "build01", "ls -A /srv/pkgci/builds").split()) & set(BUILDS) == {"good", LAYERED}

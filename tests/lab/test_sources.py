"""Upstream's tarball, which a tree lacks: fetched on the build slave, by an account that can do nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lab.conftest import Lab
from tests.lab.log_sending import as_agent

FOLDER = "/srv/jenkins/dist-git"
HOST = "127.0.0.1:8099"
# As in Fedora's dist-git: a spec and the file `sources`. rpm's version has a ^, a section has a line that looks like a
# tag's, and the patch is in a list.
SPEC = f"""Name: tiny
Version: 1.0^git20240101
Release: 1%{{?dist}}
Summary: Smallest thing that can be built
License: Apache-2.0
BuildArch: noarch
Source0: http://{HOST}/tiny-1.0.tar.gz
%patchlist
fix.patch
%description
It has one file.
%prep
%autosetup -p1 -n tiny-1.0
%build
cat >release <<END
Release: 12
END
%check
grep -qx patched README
grep -qx 'Release: 12' release
%install
install -D -m 644 release %{{buildroot}}%{{_datadir}}/tiny/release
install -D -m 644 README %{{buildroot}}%{{_datadir}}/tiny/README
%files
%{{_datadir}}/tiny
"""
PATCH = """--- a/README
+++ b/README
@@ -1 +1 @@
-hello
+patched
"""
PREPARE = """set -e
mkdir -p web/tiny-1.0
echo hello >web/tiny-1.0/README
tar -C web -czf web/tiny-1.0.tar.gz tiny-1.0
(cd web; sha512sum --tag tiny-1.0.tar.gz) >tree/sources
cd tree
git init -q
git add -A
git -c user.name=x -c user.email=x commit -q -m tiny
"""


@pytest.fixture(scope="module")
def built(bootstrapped: Lab) -> dict[str, Any]:
    """The result of a build of the tree, while a web server on the build slave stands for upstream's."""
    lab = bootstrapped
    settings = json.loads(lab.exec("build01", "cat", "/etc/pkgci/steps.json").stdout)
    sources = {**settings["sources"], "hosts": [HOST]}
    lab.exec("build01", "sh", "-c", f"rm -rf {FOLDER}; mkdir -p {FOLDER}/tree")
    lab.put("build01", f"{FOLDER}/tree/tiny.spec", SPEC)
    lab.put("build01", f"{FOLDER}/tree/fix.patch", PATCH)
    lab.put("build01", "/root/dist-git.json", json.dumps({**settings, "sources": sources}))
    lab.exec("build01", "chown", "-R", "jenkins:", FOLDER)
    as_agent(lab, "build01", f"cd {FOLDER}; {PREPARE}")
    given = f"PROJECT=packaging/greet TARGET=rpm SOURCE={FOLDER}/tree RESULTS={FOLDER}/out"
    build = f"mount --bind /root/dist-git.json /etc/pkgci/steps.json; runuser -u jenkins -- env {given} pkgci-build"
    serve = f"python3 -m http.server --bind 127.0.0.1 -d {FOLDER}/web 8099 & web=$!; trap 'kill $web' EXIT; sleep 1"
    # Who fetches reaches nothing inside the host: but for this server, now.
    opened = ("nft", "insert", "rule", "inet", "pkgci", "fetcher", "oif", "lo", "tcp", "dport", "8099", "accept")
    lab.exec("build01", *opened)
    said = lab.exec("build01", "unshare", "-m", "sh", "-c", f"cd /; {serve}; {build} >/root/dist-git.log 2>&1; true")
    lab.exec("build01", "systemctl", "restart", "pkgci-firewall.service")
    assert said.returncode == 0
    found: dict[str, Any] = json.loads(as_agent(lab, "build01", f"cat {FOLDER}/out/result.json"))
    return found


def test_a_dist_git_tree_is_built_of_the_tarball_that_it_pins(bootstrapped: Lab, built: dict[str, Any]) -> None:
    assert (built["status"], built["origin"]["kind"]) == ("passed", "tarball"), built["reason"]
    names = [file["name"] for file in built["files"] if not file["name"].endswith(".src.rpm")]
    assert len(names) == 1 and names[0].startswith("tiny-1.0^git20240101-1"), names


def test_what_fetches_owns_its_store_and_nothing_else(bootstrapped: Lab, built: dict[str, Any]) -> None:
    listed = bootstrapped.exec("build01", "find", "/srv/pkgci/sources/sha256", "-type", "f", "-printf", "%u %m\n")
    assert set(listed.stdout.split("\n")) == {"pkgci-fetch 644", ""}
    read = ("runuser", "-u", "pkgci-fetch", "--", "cat", "/etc/pkgci/keys/log_upload")
    assert "Permission denied" in bootstrapped.exec("build01", *read, check=False).stderr
    for command in ("id", "pkgci-fetch-source /etc/passwd", "pkgci-build"):
        asked = as_agent(bootstrapped, "build01", f"sudo -n -u pkgci-fetch {command}; echo $?", check=False)
        assert asked.splitlines()[-1] != "0", command

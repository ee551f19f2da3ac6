"""What code of changes reaches from a slave: by its accounts, and from inside a build."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.lab.conftest import Lab
from tests.lab.test_build import CHANGELOG, CONTROL, RULES
from tests.lab.test_logs import as_agent

# Prints where a program that runs as the id of its first argument gets an answer. The last places are servers inside.
REACHED = """
import os, socket, sys
servers = [socket.create_server(("127.0.0.1", 0))]
try:
    servers.append(socket.create_server(("::1", 0), family=socket.AF_INET6))
except OSError:
    pass  # a lab without IPv6
places = [(place.rpartition("/")[0], int(place.rpartition("/")[2])) for place in sys.argv[2:]]
places += [server.getsockname()[:2] for server in servers]
os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(int(sys.argv[1]))
for host, port in places:
    try:
        socket.create_connection((host, port), timeout=3).close()
        print("inside" if port in [server.getsockname()[1] for server in servers] else host + "/" + str(port))
    except OSError:
        pass
"""
# A package of a review repository: its postinst, root of the chroot, tries to get out, and leaves a program
# for whoever fetches next. It is built and offered inside the chroot, so that no publisher is needed.
POSTINST = """#!/bin/sh
{ echo "interfaces: $(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' | tr '\\n' ' ')"
  perl -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => $_, Timeout => 3) && print "reached $_\\n" for @ARGV' \\
    PLACES
  find /run -type s -printf 'socket %p\\n'; } >/var/evil/said 2>&1
printf '#!/bin/sh\\necho it was asked >>/var/evil/said\\nexec /usr/bin/apt-get "$@"\\n' >/usr/local/bin/apt-get
chmod 0755 /usr/local/bin/apt-get
"""
# Told in place of the site's repositories: shell commands for the chroot, before anything else runs there.
OFFER = """set -e
mkdir -p /var/evil/tree/DEBIAN
cat >/var/evil/tree/DEBIAN/postinst <<'END'
POSTINSTEND
chmod 0755 /var/evil/tree/DEBIAN/postinst
printf 'Package: evil\\nVersion: 1\\nArchitecture: all\\nMaintainer: A <a@example.org>\\nDescription: evil\\n' \\
  >/var/evil/tree/DEBIAN/control
cd /var/evil
dpkg-deb --root-owner-group --build tree evil.deb >/dev/null
dpkg-scanpackages -m . >Packages 2>/dev/null
echo 'deb [trusted=yes] copy:/var/evil ./' >/etc/apt/sources.list.d/evil.list
apt-get -q update -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/evil.list -o Dir::Etc::sourceparts=- \\
  -o APT::Get::List-Cleanup=0
"""
BUILD = """
import base64, sys
sys.path.insert(0, "/usr/local/lib/pkgci")
from pathlib import Path
from pkgci_steps.build import extra, main
offer = base64.b64encode(Path("/tmp/offer").read_bytes()).decode()
extra.setup_commands = lambda step, target: [f"echo {offer} | base64 -d | sh"]
sys.exit(main.main())
"""
FOLDER = "/srv/jenkins/evil"


def places(lab: Lab) -> list[str]:
    """Where nothing of a change is to get to."""
    own = {name: lab.site.host(name).address for name in ("zuul01", "jenkins01", "log01", "build01")}
    ports = {"zuul01": (443, 4730, 8001), "jenkins01": (443, 8080), "log01": (22,), "build01": (22,)}
    found = [f"{own[name]}/{port}" for name, listed in ports.items() for port in listed]
    return [*found, "127.0.0.1/22", "::1/22", "169.254.169.254/80"]


def reached(lab: Lab, host: str, number: str) -> list[str]:
    """The places that the account reaches from the host, and "inside" for what listens there."""
    lab.put(host, "/tmp/reached.py", REACHED)
    return lab.exec(host, "python3", "/tmp/reached.py", number, *places(lab)).stdout.split()


def test_the_ids_of_roots_go_past_the_rule_for_the_agents_account_stopped_by_a_rule_for_all_of_them(
    bootstrapped: Lab,
) -> None:
    for host, number in (("build01", "1900000000"), ("build01", "1900000042"), ("install01", "1900065535")):
        assert reached(bootstrapped, host, number) == [], (host, number)


def test_what_fetches_for_builds_goes_to_the_site_itself_stopped_by_the_packet_filter(bootstrapped: Lab) -> None:
    number = bootstrapped.exec("build01", "id", "-u", "pkgci-fetch").stdout.strip()
    assert reached(bootstrapped, "build01", number) == []


def test_the_account_of_jobs_reaches_git_and_logs_and_nothing_else_of_the_site(bootstrapped: Lab) -> None:
    number = bootstrapped.exec("build01", "id", "-u", "jenkins").stdout.strip()
    zuul, logs = (bootstrapped.site.host(name).address for name in ("zuul01", "log01"))
    assert set(reached(bootstrapped, "build01", number)) <= {f"{zuul}/443", f"{logs}/22"}


def test_root_of_the_host_reaches_what_listens_inside_so_that_the_others_are_refused_by_the_filter(
    bootstrapped: Lab,
) -> None:
    assert "inside" in reached(bootstrapped, "build01", "0")


@pytest.fixture(scope="module")
def log(bootstrapped: Lab) -> Iterator[str]:
    """The log of a build whose build dependency is hostile, and so is the build."""
    lab = bootstrapped
    tried = " ".join(place.replace("/", ":") for place in places(lab) if not place.startswith("::1"))
    does = (
        "tail -n +3 /proc/net/dev | cut -d: -f1; cat /var/evil/said; "
        "test -x /usr/local/bin/apt-get && echo planted; echo told"
    )
    texts = {
        "rules": RULES.replace("BUILD", does),
        "control": CONTROL.replace("Standards", "Build-Depends: evil\nStandards"),
        "changelog": CHANGELOG,
        "source/format": "3.0 (native)",
    }
    lab.exec("build01", "sh", "-c", f"rm -rf {FOLDER} {FOLDER}.out; mkdir -p {FOLDER}/debian/source")
    for name, text in texts.items():
        lab.put("build01", f"{FOLDER}/debian/{name}", text)
    lab.put("build01", "/tmp/offer", OFFER.replace("POSTINST", POSTINST.replace("PLACES", tried)))
    lab.put("build01", "/tmp/build.py", BUILD)
    lab.exec("build01", "chown", "-R", "jenkins:", FOLDER)
    commit = "chmod 755 debian/rules; git init -q; git add -A; git -c user.name=x -c user.email=x commit -q -m evil"
    as_agent(lab, "build01", f"cd {FOLDER}; {commit}")
    given = f"PROJECT=packaging/greet TARGET=trixie REF=refs/zuul/main/evil SOURCE={FOLDER} RESULTS={FOLDER}.out"
    as_agent(lab, "build01", f"env {given} python3 /tmp/build.py >/dev/null 2>&1; true")
    result = json.loads(as_agent(lab, "build01", f"cat {FOLDER}.out/result.json"))
    said = as_agent(lab, "build01", f"cat {FOLDER}.out/log.txt")
    assert result["status"] == "passed", said[-3000:]
    yield said
    lab.exec("build01", "rm", "-rf", FOLDER, f"{FOLDER}.out", "/srv/pkgci/builds/evil")


def test_a_build_dependencys_postinst_tries_the_network_stopped_by_fetching_before_it_runs(log: str) -> None:
    assert "interfaces: lo \n" in log
    assert [line for line in log.splitlines() if line.startswith(("reached ", "socket "))] == []


def test_an_apt_get_that_a_postinst_planted_waits_for_a_network_in_vain(log: str) -> None:
    # It is there, and the build goes on; nobody asks it for anything that it could fetch.
    assert "planted\ntold\n" in log and "Network is unreachable" not in log.split("told\n")[0]
    assert "0 B/" in log or "Need to get 0 B" in log


def test_the_build_itself_has_a_loopback_and_nothing_else(log: str) -> None:
    assert "    lo\ninterfaces: lo \n" in log

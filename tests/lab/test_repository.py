"""What is published, as people outside use it and as operators look after it: the page, taking back, other keys."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

import pytest

from tests.lab.conftest import Lab
from tests.lab.publishing import put

# Sorts before every other package: the page's commands install the first one.
NAME = "a-lab-test"
PAGE = "https://pub01.pkg.lab.test/packages/"


@pytest.fixture(scope="module")
def published(deployed: Lab) -> Iterator[Lab]:
    """The lab with a package in its released repository, and dnf outside."""
    put(deployed, NAME, "1.0")
    deployed.exec("outside", "sh", "-c", "command -v rpm || apt-get -q install -y --no-install-recommends dnf rpm")
    yield deployed
    deployed.pkgci("publish", "remove", NAME, "--yes", check=False)


def commands(lab: Lab, heading: str) -> list[str]:
    """The blocks of text that the page has below a heading."""
    page = lab.exec("outside", "curl", "--silent", "--show-error", "--fail", "--insecure", PAGE).stdout
    part = page[page.index(f'id="{heading}"') :]
    return [html.unescape(block) for block in re.findall(r"<pre>(.*?)</pre>", part, re.DOTALL)]


def outside(lab: Lab, script: str, *, check: bool = True) -> str:
    done = lab.exec("outside", "env", "DEBIAN_FRONTEND=noninteractive", "sh", "-ec", script, check=check)
    return done.stdout + done.stderr


def installed(lab: Lab) -> tuple[str, str]:
    """The versions that apt and dnf have installed outside."""
    deb = lab.exec("outside", "dpkg-query", "-W", "-f", "${Version}", NAME).stdout
    rpm = lab.exec("outside", "rpm", "-q", "--qf", "%{VERSION}", NAME).stdout
    return deb, rpm


UPGRADE = (
    f"apt-get -q update -o APT::Update::Error-Mode=any && apt-get -q install -y {NAME}",
    f"dnf -q -y --refresh upgrade {NAME}",
)


def test_the_page_is_all_that_a_machine_outside_needs(published: Lab) -> None:
    for target in ("trixie", "rpm"):
        outside(published, commands(published, target)[0])
    assert installed(published) == ("1.0", "1.0")


def test_a_package_is_taken_back_and_comes_again(published: Lab) -> None:
    refused = published.pkgci("publish", "remove", NAME, check=False)
    assert refused.returncode == 2
    assert refused.stdout.count(f"- trixie    {NAME}  1.0") == 1
    published.pkgci("publish", "remove", NAME, "--yes")
    offered = f"apt-get -qq update && apt-cache madison {NAME}"
    assert PAGE not in outside(published, offered)
    assert NAME not in published.pkgci("publish", "list", "--json").stdout.partition('"released"')[2]
    published.pkgci("publish", "rollback", "--yes")
    assert PAGE in outside(published, offered)


def test_the_timers_clean_up_works_in_its_cage_as_each_account(published: Lab) -> None:
    for name in ("prune", "prune-review", "prune-gate"):
        published.exec("pub01", "systemctl", "start", f"pkgci-{name}")
        result = json.loads(published.exec("pub01", "cat", f"/srv/publisher/{name}/result.json").stdout)
        assert result["status"] == "passed"
        published.exec("pub01", "systemctl", "is-enabled", f"pkgci-{name}.timer")


def test_the_signer_has_what_signs_and_nothing_that_certifies(published: Lab) -> None:
    home = "/var/lib/pkgci-signer/gnupg"
    look = ("runuser", "-u", "pkgci-signer", "--", "gpg", "--homedir", home, "-K", "--with-colons")
    listed = published.exec("pub01", *look).stdout
    # Of primary keys there is a stub, of subkeys the secret (# and + in GnuPG's field 15).
    assert {line.split(":")[14] for line in listed.splitlines() if line.startswith("sec:")} == {"#"}
    assert {line.split(":")[14] for line in listed.splitlines() if line.startswith("ssb:")} == {"+"}


def test_users_survive_a_rotation_of_the_release_key(published: Lab) -> None:
    published.pkgci("secrets", "rotate", "release-key", "--yes")
    published.pkgci("bootstrap", "--host", "pub01")
    keys = json.loads(published.pkgci("status", "--json", check=False).stdout)["signing_keys"]
    assert [len(subkeys) for subkeys in keys.values()] == [2, 1]
    put(published, NAME, "1.1")
    for script in UPGRADE:
        outside(published, script)
    assert installed(published) == ("1.1", "1.1")

    # The hosts that test packages get the new certificate, too.
    finished = published.pkgci("secrets", "rotate", "release-key", "--finish", "--yes")
    assert "pkgci bootstrap --host pub01" in finished.stderr
    slaves = ("pub01", "build01", "install01", "systest01")
    published.pkgci("bootstrap", *(word for slave in slaves for word in ("--host", slave)), timeout=1200)
    put(published, NAME, "1.2")
    for script in UPGRADE:
        outside(published, script, check=False)
    assert installed(published) == ("1.1", "1.1")
    _, _, for_apt, for_dnf, *_ = commands(published, "trust")
    for script in (for_apt, for_dnf, *UPGRADE):
        outside(published, script)
    assert installed(published) == ("1.2", "1.2")


def test_who_reads_with_dnf_all_the_while_never_fails(published: Lab) -> None:
    """It reads the metadata and then its signature: each state has an address of its own, where they fit together."""
    dnf = "dnf -q -y --disablerepo='*' --enablerepo='*-rpm' makecache --refresh"
    reads = f"while {dnf}; do echo read; done >/tmp/dnf.log 2>&1; echo failed >>/tmp/dnf.log"
    published.exec("outside", "systemd-run", "--unit", "dnf-reader", "sh", "-c", reads)
    try:
        for number in range(8):
            put(published, NAME, f"2.{number}")
        said = published.exec("outside", "cat", "/tmp/dnf.log").stdout
    finally:
        published.exec("outside", "systemctl", "stop", "dnf-reader", check=False)
    assert "failed" not in said and said.count("read") > 3, said
    outside(published, UPGRADE[1])
    assert installed(published)[1] == "2.7"

"""One screen for a site that runs: everything is named, a stopped service first, and it is quick."""

import json
import time

from pkgci.model.roles import CATALOGUE, FIREWALL, SLAVES
from tests.lab.conftest import Lab

ANSWERED_IN = 10.0


def test_everything_is_named_and_it_is_quick(bootstrapped: Lab) -> None:
    began = time.monotonic()
    result = bootstrapped.pkgci("status", "--json", check=False)
    assert time.monotonic() - began < ANSWERED_IN + 5
    data = json.loads(result.stdout)
    assert data["seconds"] < ANSWERED_IN
    site = bootstrapped.site
    for host in site.hosts:
        found = data["hosts"][host.name]
        assert found["reached"] and found["last_run"]["ok"]
        assert found["disks"] and len(found["release"]) == 64
        assert set(found["services"]) == {FIREWALL, *(unit for role in host.roles for unit in CATALOGUE[role].units)}
        assert set(found["services"].values()) <= {"active"}
        assert (found["certificate"] is not None) == host.public
    assert data["authority"]["days"] > 300
    assert set(data["stand_ins"]) == {"Gerrit", "Jenkins"}
    assert data["jenkins"]["version"] and data["jenkins"]["stand_in"]
    slaves = {host.name for host in site.hosts if not set(SLAVES).isdisjoint(host.roles)}
    assert slaves <= set(data["jenkins"]["nodes"])
    assert data["gearman"] is not None and data["zuul"] is not None


def test_the_screen_fits_eighty_columns_and_says_that_there_are_stand_ins(bootstrapped: Lab) -> None:
    shown = bootstrapped.pkgci("status", check=False).stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert "Gerrit and Jenkins are the lab's own" in shown
    assert all(host.name in shown for host in bootstrapped.site.hosts)


def test_a_service_that_is_stopped_is_named_first_and_is_exit_status_1(bootstrapped: Lab) -> None:
    bootstrapped.exec("log01", "systemctl", "stop", "apache2")
    try:
        result = bootstrapped.pkgci("status", check=False)
    finally:
        bootstrapped.exec("log01", "systemctl", "start", "apache2")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    at = lines.index("log01: apache2 does not run")
    assert lines[at + 1].strip() == "pkgci bootstrap --host log01"
    assert at < next(number for number, line in enumerate(lines) if line.startswith("host "))

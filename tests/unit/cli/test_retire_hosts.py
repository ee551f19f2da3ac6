"""Hosts and roles that leave the site, on scripted hosts."""

from __future__ import annotations

import json

from pkgci.leavers.memory import recall
from tests.unit.sshd import puppet
from tests.unit.sshd.network import Network
from tests.unit.sshd.puppet import Run, applies, report
from tests.unit.sshd.script import Fault


def left(network: Network) -> None:
    """build02 was bootstrapped, and has left the site file."""
    for name in ("zuul01", "build02"):
        applies(network.host(name))
    network.make_secrets()
    assert network.pkgci("bootstrap").exit_code == 0
    network.leave("build02")
    network.hosts["build02"].heard.clear()


def applied(network: Network) -> int:
    return sum(puppet.DELIVER in text for text in network.hosts["build02"].texts())


def test_a_host_that_left_gives_up_its_roles_and_is_forgotten(network: Network) -> None:
    left(network)
    assert network.pkgci("retire", "build02").exit_code == 0
    assert applied(network) == 1
    assert "build02" not in recall(network.site()) and "build02" not in network.known_hosts.read_text()


def test_what_would_be_taken_away_is_only_shown(network: Network) -> None:
    left(network)
    applies(network.hosts["build02"], Run(report=report(noop=True)))
    assert network.pkgci("retire", "build02", "--noop").exit_code == 0
    assert "build02" in recall(network.site()) and "build02" in network.known_hosts.read_text()


def test_a_host_that_cannot_be_reached_stays_known(network: Network) -> None:
    left(network)
    network.hosts["build02"].users.clear()
    result = network.pkgci("retire", "build02", "--json")
    assert result.exit_code == 3 and json.loads(result.stdout)["build02"]["ok"] is False
    assert "build02" in recall(network.site())


def test_a_run_that_fails_leaves_the_host_known(network: Network) -> None:
    left(network)
    applies(network.hosts["build02"], Run(report=report(failed=1)))
    assert network.pkgci("retire", "build02", "--purge", "--yes").exit_code == 1
    assert "build02" in recall(network.site())


def test_a_frozen_host_is_not_waited_for(network: Network) -> None:
    left(network)
    network.hosts["build02"].fault = Fault.NO_EXEC_ANSWER
    network.write(timeouts={"connect": 30, "command": 1})
    assert network.pkgci("retire", "build02").exit_code == 1
    assert "build02" in recall(network.site())

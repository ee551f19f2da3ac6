"""A host's packet filter is broken: it stays closed to strangers, and open to the operator."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pkgci.model.flows import GEARMAN
from pkgci.model.rules import way_in
from tests.lab.conftest import Lab

HOST = "zuul01"
STRANGER = "outside"
RULES = "/etc/pkgci/firewall.nft"
GOOD = "/var/lib/pkgci-firewall/good.nft"
UNIT = "pkgci-firewall"
BROKEN = "table inet pkgci { chain input { type filter hook input priority filter; policy"
# Rules of a user that the host does not have: the types let them pass, nft does not.
WRONG = """
class { 'packet_filter':
  rules  => [{ networks => ['0.0.0.0/0'], protocol => 'tcp', port => 4730, comment => 'everybody' }],
  way_in => [{ networks => ['%s'], protocol => 'tcp', port => 22, comment => 'management' }],
  jobs   => {
    agent => 'nobody_is_called_so', roots => [1900000000, 1900065535],
    of_agent => [], of_roots => [], ports => [80], refused => ['192.0.2.1'],
  },
}
"""
MODULES = "/var/lib/pkgci/current/code/site-modules:/usr/share/puppet/modules"
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 1)"


@contextmanager
def broken(lab: Lab, content: str) -> Iterator[None]:
    """``RULES`` with other ``content`` for a while; all is as it was afterwards, loaded and running."""
    lab.exec(HOST, "sh", "-c", f"cp -p {RULES} /root/kept.nft; cp -p {GOOD} /root/kept-good.nft")
    services = dependants(lab)
    try:
        lab.put(HOST, RULES, content)
        yield
    finally:
        lab.exec(HOST, "sh", "-c", f"mv /root/kept.nft {RULES}; mv /root/kept-good.nft {GOOD}")
        lab.exec(HOST, "systemctl", "reload-or-restart", UNIT)
        lab.exec(HOST, "systemctl", "start", *services)
        assert set(states(lab, UNIT, *services)) == {"active"}


def dependants(lab: Lab) -> list[str]:
    """The services of the host that need its packet filter."""
    found = lab.exec(HOST, "systemctl", "show", "--property=RequiredBy", "--value", UNIT).stdout.split()
    services = [name for name in found if name.endswith(".service")]
    assert {"geard.service", "zuul-server.service", "apache2.service"} <= set(services)
    return services


def states(lab: Lab, *units: str) -> list[str]:
    return lab.exec(HOST, "systemctl", "is-active", *units, check=False).stdout.split()


def reached(lab: Lab, port: int) -> bool:
    """Whether a stranger connects to ``port`` of the host."""
    address = lab.site.host(HOST).address
    return lab.exec(STRANGER, "python3", "-c", CONNECT, address, str(port), check=False).returncode == 0


def operator_gets_in(lab: Lab) -> bool:
    with socket.create_connection((lab.site.host(HOST).address, 22), 5) as link:
        return link.recv(4) == b"SSH-"


@pytest.mark.parametrize(("doing", "works"), [("reload", False), ("restart", True)])
def test_rules_that_do_not_load_leave_the_last_good_ones(bootstrapped: Lab, doing: str, works: bool) -> None:
    lab = bootstrapped
    assert reached(lab, 443) and not reached(lab, GEARMAN.number), "what this proves has a positive control"
    with broken(lab, BROKEN):
        assert (lab.exec(HOST, "systemctl", doing, UNIT, check=False).returncode == 0) == works
        assert states(lab, UNIT, "geard") == ["active", "active"]
        assert reached(lab, 443) and not reached(lab, GEARMAN.number) and operator_gets_in(lab)
        shown = lab.exec(HOST, "cat", "/var/lib/pkgci-firewall/degraded").stdout
        assert f"{RULES} cannot be loaded" in shown, "pkgci status says so"


@pytest.mark.parametrize("content", [BROKEN, "add table inet pkgci"])
def test_a_host_that_starts_with_no_rules_that_load_is_open_to_the_operator_alone_and_geard_does_not_run(
    bootstrapped: Lab, content: str
) -> None:
    lab = bootstrapped
    services = dependants(lab)
    with broken(lab, content):
        lab.exec(HOST, "sh", "-c", f"rm {GOOD}; nft delete table inet pkgci")
        assert lab.exec(HOST, "systemctl", "restart", UNIT, check=False).returncode != 0
        assert "active" not in states(lab, UNIT, *services)
        assert lab.exec(HOST, "systemctl", "start", "geard", check=False).returncode != 0
        assert not reached(lab, GEARMAN.number) and not reached(lab, 443) and operator_gets_in(lab)


def test_a_table_that_somebody_took_away_comes_back_and_geard_does_not_start_while_the_filter_is_stopped(
    bootstrapped: Lab,
) -> None:
    lab = bootstrapped
    with broken(lab, lab.exec(HOST, "cat", RULES).stdout):
        lab.exec(HOST, "systemctl", "stop", UNIT)
        assert "active" not in states(lab, "geard")
        assert not reached(lab, GEARMAN.number), "the rules stay in the kernel"
        lab.exec(HOST, "nft", "delete", "table", "inet", "pkgci")
        lab.exec(HOST, "systemctl", "start", "geard")
        assert states(lab, UNIT) == ["active"], "it is started first"
        assert not reached(lab, GEARMAN.number)


def test_rules_from_puppet_that_do_not_load_replace_nothing(bootstrapped: Lab) -> None:
    lab = bootstrapped
    with broken(lab, lab.exec(HOST, "cat", RULES).stdout):
        before = lab.exec(HOST, "cat", RULES).stdout
        manifest = WRONG % "', '".join(way_in(lab.site, lab.site.host(HOST)))
        apply = ("puppet", "apply", "--detailed-exitcodes", "--modulepath", MODULES, "-e", manifest)
        failed = lab.exec(HOST, *apply, check=False)
        assert failed.returncode in (4, 6), failed.stdout
        assert lab.exec(HOST, "cat", RULES).stdout == before
        assert states(lab, UNIT, "geard") == ["active", "active"]
        assert not reached(lab, GEARMAN.number)

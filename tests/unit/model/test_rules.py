"""Which connections follow from a site: the one source of firewall, matrix and order sheet."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.model.flows import FLOWS, GEARMAN, HTTPS, METRICS, SSH, Place
from pkgci.model.load import load_site
from pkgci.model.roles import SLAVES, Role
from pkgci.model.rules import JumpHost, external, inbound, listening, named_ports, source_hosts, way_in
from pkgci.model.site import Site
from tests.unit.conftest import SITE


def sources(site: Site, host: str, number: int) -> set[str]:
    return {network for rule in inbound(site, site.host(host)) if rule.number == number for network in rule.networks}


def test_gearman_is_open_to_the_jenkins_master_alone_in_both_families(site: Site) -> None:
    assert sources(site, "zuul01", GEARMAN.number) == {"203.0.113.11/32", "2001:db8:1::11/128"}


def test_management_reaches_ssh_on_every_host(site: Site) -> None:
    for host in site.hosts:
        assert "192.0.2.0/24" in sources(site, host.name, host.ssh.port)


def test_the_jenkins_master_reaches_ssh_on_its_slaves_and_on_nothing_else(site: Site) -> None:
    reached = {host.name for host in site.hosts if "203.0.113.11/32" in sources(site, host.name, host.ssh.port)}
    # The log server takes the Jenkins master's own logs.
    assert reached == {"pub01", "build01", "install01", "systest01", "log01"}


def test_the_world_reaches_https_on_public_hosts_only(site: Site) -> None:
    reached = {host.name for host in site.hosts if "0.0.0.0/0" in sources(site, host.name, HTTPS.number)}
    assert reached == {"zuul01", "jenkins01", "pub01", "log01"}


def test_a_jump_host_reaches_ssh_behind_it(write_site: Callable[[str], Path]) -> None:
    site = load_site(write_site(SITE.replace("jump: jenkins01", "jump: zuul01")))
    assert "203.0.113.10/32" in sources(site, "build01", 2222)


def test_a_port_that_a_host_sets_for_ssh_is_the_port_of_its_rules(site: Site) -> None:
    assert 22 not in listening(site, site.host("build01"))
    assert listening(site, site.host("build01"))[2222] is SSH


def test_metrics_are_named_only_where_a_site_has_monitoring(write_site: Callable[[str], Path], site: Site) -> None:
    assert METRICS in named_ports(site)
    without = load_site(write_site(SITE.replace("[log_server, monitoring]", "[log_server]")))
    assert METRICS not in named_ports(without)


def test_only_zuul_connects_to_gerrit(site: Site) -> None:
    connecting = [h.name for h in site.hosts if any(f.target is Place.GERRIT for f in external(site, h))]
    assert connecting == ["zuul01"]


def test_every_slave_is_started_over_ssh_by_the_jenkins_master() -> None:
    started = {flow.target for flow in FLOWS if flow.source is Role.JENKINS_MASTER and flow.port is SSH}
    assert started >= set(SLAVES)


@pytest.mark.parametrize("name", ["world", "management", "every-host", "gerrit", "zuul", "publisher"])
def test_a_jump_host_is_itself_whatever_it_is_called(write_site: Callable[[str], Path], name: str) -> None:
    site = load_site(write_site(SITE.replace("jenkins01", name)))
    behind = [rule for rule in inbound(site, site.host("build01")) if "jump host" in rule.why]
    assert [rule.source for rule in behind] == [JumpHost(name)]
    assert [host.name for rule in behind for host in source_hosts(site, rule)] == [name]
    assert set(way_in(site, site.host("build01"))) == {
        "192.0.2.0/24",
        "2001:db8::/64",
        "203.0.113.11/32",
        "2001:db8:1::11/128",
    }

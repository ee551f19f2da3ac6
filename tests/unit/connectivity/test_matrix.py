"""What is checked, and what is expected of it."""

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from pkgci.connectivity.matrix import (
    OPERATOR,
    Expectation,
    Kind,
    Matrix,
    PortCheck,
    assumed_operator,
    host_vantages,
    matrix,
    number_of_connections,
    operator_vantage,
)
from pkgci.model.load import load_site
from pkgci.model.site import Site
from tests.unit.conftest import SITE

BOTH = frozenset({4, 6})


def whole(site: Site, operator: str = "192.0.2.7") -> Matrix:
    return matrix(site, [*host_vantages(site), operator_vantage([ip_address(operator)], BOTH)])


def check(found: Matrix, vantage: str, target: str, number: int) -> PortCheck:
    """The one check of a connection to the target's first address."""
    (only,) = (
        item
        for item in found.port_checks
        if (item.vantage.name, item.target, item.port_number) == (vantage, target, number)
        and item.address == found.targets[target]
    )
    return only


def test_gearman_is_open_to_the_jenkins_master_and_closed_to_every_other_host(site: Site) -> None:
    found = whole(site)
    expected = {
        item.vantage.name: item.expected
        for item in found.port_checks
        if (item.target, item.port_number) == ("zuul01", 4730)
    }
    assert expected.pop("jenkins01") is Expectation.OPEN
    assert set(expected) == {"pub01", "log01", "build01", "install01", "systest01", OPERATOR}
    assert set(expected.values()) == {Expectation.CLOSED}


def test_public_hosts_are_open_to_everybody_on_the_web_ports_only(site: Site) -> None:
    found = whole(site)
    assert check(found, "build01", "log01", 443).expected is Expectation.OPEN
    assert check(found, OPERATOR, "log01", 80).expected is Expectation.OPEN
    assert check(found, "log01", "build01", 443).expected is Expectation.CLOSED


def test_a_host_does_not_probe_itself(site: Site) -> None:
    assert not [item for item in whole(site).port_checks if item.vantage.name == item.target]


def test_every_ordered_pair_of_places_and_every_port_is_checked(site: Site) -> None:
    found = whole(site)
    pairs = {(item.vantage.name, item.target) for item in found.port_checks}
    assert len(pairs) == 7 * 6 + 7
    ports = {item.port.name for item in found.port_checks if (item.vantage.name, item.target) == ("zuul01", "pub01")}
    assert ports == {"ssh", "http", "https", "gearman", "metrics", "zuul-webapp", "jenkins-http"}


@pytest.mark.parametrize(("host", "port"), [("zuul01", 8001), ("jenkins01", 8080)])
def test_what_a_service_has_behind_its_web_server_is_closed_to_everybody(site: Site, host: str, port: int) -> None:
    checks = [item for item in whole(site).port_checks if (item.target, item.port_number) == (host, port)]
    assert len({item.vantage.name for item in checks}) == 7
    assert {item.expected for item in checks} == {Expectation.CLOSED}


def test_ssh_is_checked_on_the_port_that_the_host_listens_on(site: Site) -> None:
    assert check(whole(site), "jenkins01", "build01", 2222).port.name == "ssh"


def test_the_operator_may_reach_ssh_from_a_management_network_and_from_nowhere_else(site: Site) -> None:
    assert check(whole(site, "192.0.2.7"), OPERATOR, "zuul01", 22).expected is Expectation.OPEN
    assert check(whole(site, "198.51.100.7"), OPERATOR, "zuul01", 22).expected is Expectation.CLOSED
    assert check(whole(site, "2001:db8::9"), OPERATOR, "zuul01", 22).expected is Expectation.OPEN


def test_the_operator_reaches_a_host_behind_a_jump_host_through_it(site: Site) -> None:
    assert check(whole(site), OPERATOR, "build01", 2222).jump == "jenkins01"
    assert check(whole(site), "jenkins01", "build01", 2222).jump is None


def test_every_declared_address_in_a_shared_family_is_checked(site: Site) -> None:
    addresses = {item.address for item in whole(site).port_checks if item.target == "jenkins01"}
    assert addresses == {"203.0.113.11", "2001:db8:1::11"}
    only_four = {
        item.address for item in whole(site).port_checks if (item.vantage.name, item.target) == ("zuul01", "jenkins01")
    }
    assert only_four == {"203.0.113.11"}


def test_a_port_whose_number_sshd_took_is_checked_as_ssh_only(write_site: Callable[[str], Path]) -> None:
    text = SITE.replace("address: 10.20.0.22}", "address: 10.20.0.22, ssh: {port: 443}}")
    found = whole(load_site(write_site(text)))
    names = [item.port.name for item in found.port_checks if item.target == "install01" and item.port_number == 443]
    assert set(names) == {"ssh"}


def test_names_are_asked_of_the_operator_only_where_there_is_no_outside_host(write_site: Callable[[str], Path]) -> None:
    without = whole(load_site(write_site(SITE)))
    assert OPERATOR in {item.vantage.name for item in without.name_checks}
    outside = whole(load_site(write_site(SITE + "outside: {address: 198.51.100.200}\n")))
    assert {item.vantage.kind for item in outside.name_checks} == {Kind.HOST, Kind.OUTSIDE}
    assert len(outside.name_checks) == 8 * 7


def test_the_outside_host_reaches_what_the_world_does(write_site: Callable[[str], Path]) -> None:
    found = whole(load_site(write_site(SITE + "outside: {address: 198.51.100.200}\n")))
    assert check(found, "outside", "build01", 2222).expected is Expectation.CLOSED
    assert check(found, "outside", "pub01", 443).expected is Expectation.OPEN


def test_what_is_asked_has_the_same_numbers_as_what_is_judged(site: Site) -> None:
    asked = matrix(site, [*host_vantages(site), assumed_operator(site, BOTH)])
    judged = whole(site, "198.51.100.7")
    assert [(item.number, item.target, item.address, item.port) for item in asked.port_checks] == [
        (item.number, item.target, item.address, item.port) for item in judged.port_checks
    ]
    numbers = [item.number for item in (*asked.port_checks, *asked.name_checks)]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("outside", ["", "outside: {address: 198.51.100.200}\n"])
def test_connections_are_counted_as_they_are_tried(write_site: Callable[[str], Path], outside: str) -> None:
    site = load_site(write_site(f"{SITE}{outside}ssh: {{port: 4730}}\n"))
    for families in (frozenset({4}), frozenset({6}), BOTH):
        vantages = [*host_vantages(site), assumed_operator(site, families)]
        assert number_of_connections(site, vantages) == len(matrix(site, vantages).port_checks)

"""The lab's network: one /24 of the range for test labs."""

from collections.abc import Callable
from ipaddress import IPv4Network

import pytest

from pkgci.errors import PkgciError, UsageError
from pkgci.lab.network import Taken, lab_network, parse_routes, refuse_clash
from pkgci.model.site import Site
from tests.unit.lab.conftest import SITE


def test_the_network_is_the_24_of_the_sites_addresses(site: Site) -> None:
    assert lab_network(site) == IPv4Network("198.18.7.0/24")


@pytest.mark.parametrize("address", ["10.0.0.11", "192.168.1.11", "203.0.113.11", "198.20.7.11", '"2001:db8::11"'])
def test_a_site_with_any_other_address_is_refused(load: Callable[[str], Site], address: str) -> None:
    with pytest.raises(UsageError, match=r"'work'.*no lab") as error:
        lab_network(load(SITE.replace("198.18.7.11", address)))
    assert "198.18.0.0/15" in str(error.value.hint)


def test_addresses_in_two_networks_are_refused_by_name(load: Callable[[str], Site]) -> None:
    with pytest.raises(UsageError, match=r"'main' in 198\.18\.7\.0/24, 'outside' in 198\.19\.0\.0/24"):
        lab_network(load(SITE.replace("198.18.7.200", "198.19.0.200")))


@pytest.mark.parametrize("last", ["0", "1", "255"])
def test_a_host_cannot_have_the_gateways_or_no_hosts_address(load: Callable[[str], Site], last: str) -> None:
    with pytest.raises(UsageError, match="'work'"):
        lab_network(load(SITE.replace("198.18.7.11", f"198.18.7.{last}")))


def test_a_second_address_of_a_host_is_refused(load: Callable[[str], Site]) -> None:
    text = SITE.replace("address: 198.18.7.11", "addresses: [198.18.7.11, 198.18.7.12]")
    with pytest.raises(UsageError, match="'work' has 2 addresses"):
        lab_network(load(text))


def test_a_clash_says_whose_the_network_is() -> None:
    network = IPv4Network("198.18.7.0/24")
    refuse_clash(network, [Taken(IPv4Network("198.18.8.0/24"), "the lab 'other'")])
    with pytest.raises(PkgciError, match=r"taken: the lab 'other' has 198\.18\.0\.0/16"):
        refuse_clash(network, [Taken(IPv4Network("198.18.0.0/16"), "the lab 'other'")])


def test_a_route_of_the_machine_is_a_clash_but_not_its_default_route() -> None:
    header = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
    default = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    tunnel = "tun0\t000712C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    (route,) = parse_routes(header + default + tunnel)
    assert route.network == IPv4Network("198.18.7.0/24")
    assert "tun0" in route.owner

"""The firewall that is applied lets the operator in again."""

import pytest

from pkgci.model.site import Site
from pkgci.puppetrun.safety import check_way_in
from pkgci.remote.errors import HostError


@pytest.mark.parametrize("client", ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::9"])
def test_who_comes_from_a_management_network_may_go_on(site: Site, client: str) -> None:
    check_way_in(site, site.host("zuul01"), client)


def test_a_firewall_that_would_lock_us_out_is_not_applied(site: Site) -> None:
    with pytest.raises(HostError, match=r"zuul01: .*would lock us out: we come from 198\.51\.100\.4") as caught:
        check_way_in(site, site.host("zuul01"), "198.51.100.4")
    assert "management: [192.0.2.0/24, 2001:db8::/64, 198.51.100.4/32]" in str(caught.value.hint)


def test_the_way_through_the_jump_host_stays_open(site: Site) -> None:
    check_way_in(site, site.host("build01"), "203.0.113.11")


def test_an_address_that_is_not_known_is_no_way_in(site: Site) -> None:
    with pytest.raises(HostError, match="from which address"):
        check_way_in(site, site.host("zuul01"), "")

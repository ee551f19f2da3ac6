"""The DNS records of a site."""

from collections.abc import Callable
from pathlib import Path

from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.servers.zone import Record, records, zone_text
from tests.unit.conftest import SITE

ALIASES = "{role: publisher, address: 203.0.113.12, aliases: [repo.pkg.example.org, pkg.example.org, apt.example.net]}"


def test_every_host_has_its_addresses_in_the_sites_zone(site: Site) -> None:
    found = set(records(site))
    assert Record("pkg.example.org", "zuul01.pkg.example.org", "A", "203.0.113.10") in found
    assert Record("pkg.example.org", "jenkins01.pkg.example.org", "AAAA", "2001:db8:1::11") in found


def test_every_address_has_its_reverse_name_in_ipv4_and_ipv6(site: Site) -> None:
    found = set(records(site))
    name = "1.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
    assert Record("0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", name, "PTR", "jenkins01.pkg.example.org") in found
    assert Record("113.0.203.in-addr.arpa", "12.113.0.203.in-addr.arpa", "PTR", "pub01.pkg.example.org") in found


def test_an_alias_is_a_cname_but_not_at_the_top_of_the_zone(write_site: Callable[[str], Path]) -> None:
    site = load_site(write_site(SITE.replace("{role: publisher, address: 203.0.113.12}", ALIASES)))
    found = set(records(site))
    assert Record("pkg.example.org", "repo.pkg.example.org", "CNAME", "pub01.pkg.example.org") in found
    assert Record("pkg.example.org", "pkg.example.org", "A", "203.0.113.12") in found
    assert Record("example.net", "apt.example.net", "CNAME", "pub01.pkg.example.org") in found


def test_every_name_in_the_snippet_is_absolute(site: Site) -> None:
    lines = [line.split() for line in zone_text(site).splitlines() if line and not line.startswith(";")]
    assert all(line[0].endswith(".") and line[1:3] == ["3600", "IN"] for line in lines)
    assert all(line[4].endswith(".") for line in lines if line[3] in ("PTR", "CNAME"))
    assert len(lines) == 2 * sum(len(host.addresses) for host in site.hosts)

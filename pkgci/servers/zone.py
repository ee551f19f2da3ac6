"""The DNS records that a site needs, as a BIND snippet. Pure.

All names are absolute and every record has its TTL, so that a section can be pasted into any file of its zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from pkgci.model.site import Host, Site
from pkgci.model.texts import Address

_TTL = 3600  # seconds


@dataclass(frozen=True)
class Record:
    """One record. ``name`` and, for CNAME and PTR, ``value`` are absolute names without the final dot."""

    zone: str
    name: str
    type: str
    value: str


def records(site: Site) -> tuple[Record, ...]:
    """A and AAAA of every host, its aliases, and PTR of every address.

    An alias is a CNAME, except at the top of the zone or where several hosts share it: there a CNAME is not allowed
    (RFC 1034, section 3.6.2), and the alias has the addresses themselves.
    """
    forward = [record for host in site.hosts for record in _forward(site, host)]
    reverse = [
        Record(_reverse_zone(address), address.reverse_pointer, "PTR", host.fqdn)
        for host in site.hosts
        for address in host.addresses
    ]
    return tuple(dict.fromkeys([*forward, *reverse]))


def zone_text(site: Site) -> str:
    """The records as a snippet, zone by zone."""
    zones: dict[str, list[Record]] = {}
    for record in records(site):
        zones.setdefault(record.zone, []).append(record)
    return "\n".join(_section(zone, part) for zone, part in zones.items())


def _forward(site: Site, host: Host) -> Iterable[Record]:
    yield from _addresses(site, host.fqdn, host)
    for alias in host.aliases:
        if _is_plain(site, alias):
            yield Record(_zone(site, alias), alias, "CNAME", host.fqdn)
        elif alias != host.fqdn:
            yield from _addresses(site, alias, host)


def _is_plain(site: Site, alias: str) -> bool:
    """Whether ``alias`` can be a CNAME: nothing else has that name, and it is below its zone."""
    others = [name for host in site.hosts for name in (host.fqdn, *dict.fromkeys(host.aliases))]
    return alias != _zone(site, alias) and others.count(alias) == 1


def _addresses(site: Site, name: str, host: Host) -> Iterable[Record]:
    for address in host.addresses:
        kind = "A" if isinstance(address, IPv4Address) else "AAAA"
        yield Record(_zone(site, name), name, kind, str(address))


def _zone(site: Site, name: str) -> str:
    """The zone of ``name``: the site's domain, or for a name outside of it what follows its first dot."""
    if name == site.domain or name.endswith(f".{site.domain}"):
        return site.domain
    return name.partition(".")[2] or name


def _reverse_zone(address: Address) -> str:
    """The usual cut of reverse zones: a /24 of IPv4, a /64 of IPv6."""
    labels = address.reverse_pointer.split(".")
    return ".".join(labels[1:] if isinstance(address, IPv4Address) else labels[16:])


def _section(zone: str, part: list[Record]) -> str:
    width = max(len(record.name) for record in part) + 1
    lines = [
        f"{record.name + '.':<{width}} {_TTL} IN {record.type:<5} "
        f"{record.value + '.' if record.type in ('CNAME', 'PTR') else record.value}"
        for record in part
    ]
    return "\n".join([f"; Zone {zone}.", *lines]) + "\n"

"""The lab's network: one /24 of the range that is set aside for test labs, and nothing else."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import docker
from docker.types import IPAMConfig, IPAMPool

from pkgci.errors import PkgciError, UsageError
from pkgci.lab.engine import LABEL, refusals
from pkgci.lab.stand_ins.host import stand_ins_host
from pkgci.model.check_lab import misplaced
from pkgci.model.review import TEST_RANGE
from pkgci.model.site import Host, Site

_ROUTES = Path("/proc/net/route")


@dataclass(frozen=True)
class Taken:
    """A network that is there already, and whose it is."""

    network: IPv4Network
    owner: str


def lab_hosts(site: Site) -> tuple[Host, ...]:
    """The machines of the lab: the site's hosts, the outside one, and the one with the stand-ins.

    The site is one that ``lab_network`` accepts.
    """
    stand_ins = stand_ins_host(site)
    return (*_declared(site), *([stand_ins] if stand_ins else []))


def _declared(site: Site) -> tuple[Host, ...]:
    return (*site.hosts, *([site.outside] if site.outside else []))


def lab_network(site: Site) -> IPv4Network:
    """The /24 that the site's addresses lie in. Raises ``UsageError`` where the site is no lab."""
    for found in misplaced((host.name, host.addresses) for host in _declared(site)):
        raise UsageError(f"{found.words} ({site.path.name})", found.hint)
    return IPv4Network((str(site.hosts[0].addresses[0]), 24), strict=False)


def network_name(site: Site) -> str:
    """The name of the lab's network in the engine."""
    return f"pkgci-{site.name}"


def ensure_network(client: docker.DockerClient, site: Site, network: IPv4Network) -> bool:
    """Makes the lab's network where it is not there; tells whether it was made. Raises ``PkgciError`` on a clash."""
    with refusals("list networks"):
        existing = client.networks.list()
    for item in existing:
        if (item.attrs.get("Labels") or {}).get(LABEL) != site.name:
            continue
        subnets = list(_subnets(item.attrs))
        if network in subnets:
            return False
        raise PkgciError(
            f"the lab '{site.name}' has the network {', '.join(map(str, subnets))}, "
            f"but its site file now says {network}",
            "`pkgci lab down` first, then `pkgci lab up`",
        )
    taken = [Taken(subnet, _owner(item.attrs)) for item in existing for subnet in _subnets(item.attrs)]
    refuse_clash(network, [*taken, *_routes()])
    pool = IPAMPool(subnet=str(network), gateway=str(network[1]))
    with refusals(f"make the network {network}"):
        client.networks.create(
            network_name(site),
            driver="bridge",
            ipam=IPAMConfig(pool_configs=[pool]),
            labels={LABEL: site.name},
            check_duplicate=True,
        )
    return True


def refuse_clash(network: IPv4Network, taken: Iterable[Taken]) -> None:
    """Raises ``PkgciError`` where ``network`` overlaps with one that is there already."""
    for other in taken:
        if network.overlaps(other.network):
            raise PkgciError(
                f"the lab's network {network} is taken: {other.owner} has {other.network}",
                f"give the site's hosts addresses in another /24 of {TEST_RANGE}, or take that one down",
            )


def parse_routes(text: str) -> list[Taken]:
    """The routes of ``/proc/net/route`` but for the default ones."""
    routes = []
    for line in text.splitlines()[1:]:
        interface, destination, *_, mask = line.split()[:8]
        network = IPv4Network((_address(destination), str(_address(mask))), strict=False)
        if network.prefixlen:
            routes.append(Taken(network, f"a route of this machine (interface {interface})"))
    return routes


def _address(hexadecimal: str) -> IPv4Address:
    return IPv4Address(socket.inet_ntoa(struct.pack("<I", int(hexadecimal, 16))))


def _routes() -> list[Taken]:
    try:
        return parse_routes(_ROUTES.read_text(encoding="utf-8"))
    except OSError:
        return []


def _subnets(attributes: dict[str, object]) -> Iterator[IPv4Network]:
    ipam = attributes.get("IPAM")
    for pool in (ipam.get("Config") if isinstance(ipam, dict) else None) or ():
        subnet = str(pool.get("Subnet", ""))
        if "." in subnet:
            yield IPv4Network(subnet, strict=False)


def _owner(attributes: dict[str, object]) -> str:
    labels = attributes.get("Labels")
    lab = labels.get(LABEL) if isinstance(labels, dict) else None
    return f"the lab '{lab}'" if lab else f"the Docker network '{attributes.get('Name')}'"

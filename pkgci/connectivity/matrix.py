"""The matrix: every (vantage, host, port) of a site, and every name that a vantage must resolve. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_network
from itertools import count

from pkgci.model.flows import SSH, Port, Protocol
from pkgci.model.rules import inbound, named_ports, port_number
from pkgci.model.site import Host, Site
from pkgci.model.texts import Address, Network

# The name of the operator's vantage. It is not a valid host name, so no host can have it.
OPERATOR = "this machine"


class Kind(StrEnum):
    """What a vantage is: a host of the site, the operator's machine, or the host outside the site."""

    HOST = "host"
    OPERATOR = "operator"
    OUTSIDE = "outside"


@dataclass(frozen=True)
class Vantage:
    """A place from which connections are tried.

    ``addresses`` are the ones that it connects from, ``families`` the IP versions (4, 6) that it can use. What is known
    of a vantage is kept by the vantage itself: its name alone could be another one's, too.
    """

    name: str
    kind: Kind
    addresses: tuple[Address, ...] = field(compare=False)
    families: frozenset[int] = field(compare=False)


class Expectation(StrEnum):
    """What the site declares of a connection."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class PortCheck:
    """One connection to try. ``why`` is the flow's reason, empty where no flow permits the connection.

    ``jump`` names the jump host through which the site file says that the operator reaches this port: then it is the
    operator's session that is judged, not a direct connection, for which there may be no route.
    """

    number: int
    vantage: Vantage
    target: str
    fqdn: str
    address: str
    port: Port
    port_number: int
    expected: Expectation
    why: str = ""
    jump: str | None = None

    @property
    def known_as(self) -> str:
        """What the trusted host keys of an SSH server are kept by: a host has others than its Gerrit."""
        return self.target if self.port is SSH else f"{self.target} {self.port.name}"


@dataclass(frozen=True)
class NameCheck:
    """One DNS name to resolve: the answer must be one of the ``declared`` addresses and nothing else."""

    number: int
    vantage: Vantage
    target: str
    fqdn: str
    declared: tuple[str, ...]


@dataclass(frozen=True)
class Matrix:
    """All checks of a site, from all vantages. ``targets``: host → the address that pkgci connects to."""

    vantages: tuple[Vantage, ...]
    targets: Mapping[str, str]
    ports: tuple[Port, ...]
    port_checks: tuple[PortCheck, ...]
    name_checks: tuple[NameCheck, ...]


def host_vantages(site: Site) -> tuple[Vantage, ...]:
    """The vantages that are reached over SSH: the site's hosts and, where declared, the outside host."""
    hosts = tuple(Vantage(host.name, Kind.HOST, host.addresses, _families(host.addresses)) for host in site.hosts)
    if site.outside is None:
        return hosts
    addresses = site.outside.addresses
    return (*hosts, Vantage(site.outside.name, Kind.OUTSIDE, addresses, _families(addresses)))


def operator_vantage(addresses: Iterable[Address], families: frozenset[int]) -> Vantage:
    """The machine that pkgci runs on. ``addresses``: how the hosts see it."""
    return Vantage(OPERATOR, Kind.OPERATOR, tuple(addresses), families)


def assumed_operator(site: Site, families: frozenset[int]) -> Vantage:
    """The operator's machine as if it were in every management network: what to ask before any host has seen it.

    A matrix with it has the same checks, under the same numbers, as one with the addresses that the hosts then saw.
    """
    return operator_vantage((network.network_address for network in site.access.management), families)


def _families(addresses: Iterable[Address]) -> frozenset[int]:
    return frozenset(address.version for address in addresses)


def matrix(site: Site, vantages: Sequence[Vantage]) -> Matrix:
    """Every check from ``vantages`` to the hosts of ``site``; a host does not probe itself."""
    ports = _tried(site)
    permitted = {host.name: _permitted(site, host) for host in site.hosts}
    numbered = {host.name: _numbered(ports, host) for host in site.hosts}
    numbers = count()
    port_checks: list[PortCheck] = []
    name_checks: list[NameCheck] = []
    for vantage in vantages:
        for host in site.hosts:
            if vantage.kind is not Kind.OPERATOR or site.outside is None:
                declared = tuple(str(address) for address in host.addresses)
                name_checks.append(NameCheck(next(numbers), vantage, host.name, host.fqdn, declared))
            if _is_itself(vantage, host):
                continue
            for address in _shared_families(vantage, host):
                for number, port in numbered[host.name].items():
                    why = _why(permitted[host.name].get(number, ()), vantage)
                    port_checks.append(_check(next(numbers), vantage, host, address, port, why))
    targets = {host.name: host.address for host in site.hosts}
    return Matrix(tuple(vantages), targets, ports, tuple(port_checks), tuple(name_checks))


def number_of_connections(site: Site, vantages: Sequence[Vantage]) -> int:
    """How many ``port_checks`` the matrix from ``vantages`` has, without making them: a large site has a million."""
    ports = _tried(site)
    tried = [(host, len(_numbered(ports, host))) for host in site.hosts]
    return sum(
        number * len(_shared_families(vantage, host))
        for vantage in vantages
        for host, number in tried
        if not _is_itself(vantage, host)
    )


def _tried(site: Site) -> tuple[Port, ...]:
    """The ports that are tried on every host, by their usual numbers."""
    named = (port for port in named_ports(site) if port.protocol is Protocol.TCP)
    return tuple(sorted(named, key=lambda port: port.number))


def _is_itself(vantage: Vantage, host: Host) -> bool:
    return vantage.kind is Kind.HOST and vantage.name == host.name


Permitted = dict[int, tuple[tuple[tuple[Network, ...], str], ...]]


def _permitted(site: Site, host: Host) -> Permitted:
    """Port number → who may reach it on ``host``, and why: its rules with the networks parsed once."""
    rules: Permitted = {}
    for rule in inbound(site, host):
        networks = tuple(ip_network(network) for network in rule.networks)
        rules[rule.number] = (*rules.get(rule.number, ()), (networks, rule.why))
    return rules


def _why(permitted: Sequence[tuple[tuple[Network, ...], str]], vantage: Vantage) -> str | None:
    """Why ``vantage`` may connect, or None where nothing permits it."""
    for networks, why in permitted:
        if any(address in network for address in vantage.addresses for network in networks):
            return why
    return None


def _numbered(ports: Sequence[Port], host: Host) -> dict[int, Port]:
    """The ports by their number on ``host``. Where sshd took another service's number, sshd is what answers there."""
    numbered: dict[int, Port] = {}
    for port in ports:
        numbered.setdefault(port_number(port, host), port)
    return numbered


def _shared_families(vantage: Vantage, host: Host) -> tuple[Address, ...]:
    """The addresses of ``host`` in a family that ``vantage`` has too; its first one where they share none."""
    shared = tuple(address for address in host.addresses if address.version in vantage.families)
    return shared or host.addresses[:1]


def _check(number: int, vantage: Vantage, host: Host, address: Address, port: Port, why: str | None) -> PortCheck:
    through_jump = vantage.kind is Kind.OPERATOR and port is SSH and why is not None
    return PortCheck(
        number=number,
        vantage=vantage,
        target=host.name,
        fqdn=host.fqdn,
        address=str(address),
        port=port,
        port_number=port_number(port, host),
        expected=Expectation.CLOSED if why is None else Expectation.OPEN,
        why=why or "",
        jump=host.ssh.jump if through_jump else None,
    )

"""What to order for a site, as data: machines, connections between them, totals. Pure; ``text.py`` writes it down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from pkgci.model.flows import GERRIT_SSH, LDAP, LDAPS, SUBMISSION, Flow, Place, Port, Protocol
from pkgci.model.roles import CATALOGUE, Kind, OperatingSystem, Resources
from pkgci.model.rules import ANYWHERE, Rule, external, inbound, port_number, source_hosts
from pkgci.model.site import Host, Site

KINDS = {Kind.VM: "VM", Kind.HARDWARE: "hardware"}
SYSTEMS = {
    OperatingSystem.DEBIAN_12: "Debian 12",
    OperatingSystem.DEBIAN_13: "Debian 13",
    OperatingSystem.UBUNTU_22_04: "Ubuntu 22.04 LTS",
    OperatingSystem.UBUNTU_24_04: "Ubuntu 24.04 LTS",
}


class PeerKind(Enum):
    """Who is at the other end of a connection."""

    HOST = "a host of the order"
    NETWORK = "a network"
    SERVER = "a server outside the order"
    PLACE = "a place in words"


@dataclass(frozen=True)
class Peer:
    """The other end of a connection: what it is, and how the order writes it."""

    kind: PeerKind
    name: str

    def __str__(self) -> str:
        return self.name


EVERYBODY = Peer(PeerKind.PLACE, ANYWHERE)
_PLACES = {
    Place.MIRRORS: Peer(PeerKind.PLACE, "package mirrors"),
    Place.RESOLVERS: Peer(PeerKind.PLACE, "DNS resolvers"),
    Place.TIME_SERVERS: Peer(PeerKind.PLACE, "time servers"),
    Place.WORLD: EVERYBODY,
    Place.IDENTITY_PROVIDER: Peer(PeerKind.PLACE, "the identity provider"),
}


@dataclass(frozen=True)
class Connection:
    """A port to be opened for one host, and with whom."""

    protocol: Protocol
    port: int
    peers: tuple[Peer, ...]
    why: str


@dataclass(frozen=True)
class Server:
    """One machine of the order. ``inbound`` connections are made to it, ``outbound`` ones by it."""

    host: Host
    disk_paths: tuple[str, ...]
    inbound: tuple[Connection, ...]
    outbound: tuple[Connection, ...]


@dataclass(frozen=True)
class Total:
    """How many machines of one kind (None: of all kinds), and what they have together."""

    kind: Kind | None
    count: int
    resources: Resources


@dataclass(frozen=True)
class Order:
    """Everything to order for a site."""

    site: Site
    servers: tuple[Server, ...]
    totals: tuple[Total, ...]


def order(site: Site) -> Order:
    """What to order for ``site``, in the order of the site file."""
    made = _made_by(site)
    servers = tuple(
        Server(
            host,
            tuple(dict.fromkeys(CATALOGUE[role].disk_path for role in host.roles)),
            _inbound(site, host),
            _merged([*made.get(host.name, ()), *(_to_outside(site, flow) for flow in external(site, host))]),
        )
        for host in site.hosts
    )
    return Order(site, servers, totals(site.hosts))


def totals(hosts: Iterable[Host]) -> tuple[Total, ...]:
    """The totals per kind that is ordered at all, and over all kinds."""
    every = tuple(hosts)
    kinds = [kind for kind in Kind if any(host.kind is kind for host in every)]
    rows = [(kind, [host for host in every if host.kind is kind]) for kind in kinds]
    return tuple(
        Total(kind, len(part), sum((host.resources for host in part), Resources(0, 0, 0)))
        for kind, part in [*rows, (None, list(every))]
    )


def _inbound(site: Site, host: Host) -> tuple[Connection, ...]:
    rules = [
        Connection(rule.port.protocol, rule.number, _sources(site, host, rule), rule.why)
        for rule in inbound(site, host)
    ]
    return _merged(rule for rule in rules if rule.peers)


def _made_by(site: Site) -> dict[str, list[Connection]]:
    """The connections that each host makes to other hosts of the site."""
    made: dict[str, list[Connection]] = {}
    for target in site.hosts:
        for rule in inbound(site, target):
            for source in source_hosts(site, rule):
                if source is not target:
                    connection = Connection(rule.port.protocol, rule.number, (_host(target),), rule.why)
                    made.setdefault(source.name, []).append(connection)
    return made


def _host(host: Host) -> Peer:
    return Peer(PeerKind.HOST, host.name)


def _sources(site: Site, host: Host, rule: Rule) -> tuple[Peer, ...]:
    """Who connects: never the host itself, whose own connections no network sees."""
    if rule.source is Place.WORLD:
        return (EVERYBODY,)
    if rule.source is Place.MANAGEMENT:
        return tuple(Peer(PeerKind.NETWORK, network) for network in rule.networks)
    return tuple(_host(source) for source in source_hosts(site, rule) if source is not host)


def _to_outside(site: Site, flow: Flow) -> Connection:
    server = _server(site, flow)
    peer = Peer(PeerKind.SERVER, server) if server is not None else _PLACES[Place(flow.target)]
    return Connection(flow.port.protocol, _outside_port(site, flow.port), (peer,), flow.why)


def _outside_port(site: Site, port: Port) -> int:
    if port is GERRIT_SSH and site.gerrit is not None:
        return site.gerrit.port
    if port in (LDAP, LDAPS) and site.review.ldap is not None:
        return site.review.ldap.port(port.number)
    if port is SUBMISSION and site.review.mail is not None:
        return site.review.mail.port
    return port_number(port, site.hosts[0])


def _server(site: Site, flow: Flow) -> str | None:
    """The server that the site names for the place a flow leads to; None where it names none."""
    if flow.target is Place.GERRIT and site.gerrit is not None:
        return site.gerrit.host
    if flow.target is Place.DIRECTORY and site.review.ldap is not None:
        return site.review.ldap.host
    if flow.target is Place.MAIL_SERVER and site.review.mail is not None:
        return site.review.mail.host
    if flow.target is Place.MAIL_RELAY and site.mail is not None and site.mail.relay is not None:
        return site.mail.relay
    return None


def _merged(connections: Iterable[Connection]) -> tuple[Connection, ...]:
    """One connection for each port and reason, with all its peers once."""
    merged: dict[tuple[Protocol, int, str], dict[Peer, None]] = {}
    for item in connections:
        merged.setdefault((item.protocol, item.port, item.why), {}).update(dict.fromkeys(item.peers))
    return tuple(Connection(protocol, port, tuple(peers), why) for (protocol, port, why), peers in merged.items())

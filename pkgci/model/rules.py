"""The flows of one site: who is who, with addresses. The firewall, the matrix and the order sheet ask here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pkgci.model.flows import (
    EXTERNAL,
    FLOWS,
    HTTP,
    LOCAL_PORTS,
    SSH,
    End,
    Flow,
    Place,
    Port,
    flows_from,
    flows_to,
)
from pkgci.model.roles import Role
from pkgci.model.site import Host, Site

WORLD_NETWORKS = ("0.0.0.0/0", "::/0")
# What an order calls them.
ANYWHERE = "anywhere"
# What the site's certificate authority is called where certificates are called by their hosts.
AUTHORITY = "ca"
# Names that are no host's, and whose they are.
TAKEN_NAMES = {
    "outside": "the outside host (the key `outside`)",
    ANYWHERE: "the order sheet, where it means everybody",
}


@dataclass(frozen=True)
class JumpHost:
    """The host, by name, through which another one is reached. It may be called as a role or a place is."""

    name: str


@dataclass(frozen=True)
class Rule:
    """One permitted connection to one host: ``source``, at ``networks`` (CIDR), may reach ``number`` of ``port``."""

    source: End | JumpHost
    networks: tuple[str, ...]
    port: Port
    number: int
    why: str


def inbound(site: Site, host: Host) -> tuple[Rule, ...]:
    """What ``host``'s firewall lets in, in catalogue order. A rule without any source is left out."""
    rules = []
    for flow in flows_to(frozenset(host.roles)):
        sources = networks(site, flow.source)
        if sources:
            rules.append(Rule(flow.source, sources, flow.port, port_number(flow.port, host), flow.why))
    if host.ssh.jump is not None:
        jump = site.host(host.ssh.jump)
        why = f"management through the jump host {jump.name}"
        rules.append(Rule(JumpHost(jump.name), _host_networks(jump), SSH, host.ssh.port, why))
    return tuple(rules)


def source_hosts(site: Site, rule: Rule) -> tuple[Host, ...]:
    """The hosts of ``site`` that ``rule`` lets in: none where it lets in the world or the management networks."""
    if isinstance(rule.source, JumpHost):
        return (site.host(rule.source.name),)
    if isinstance(rule.source, Role):
        return site.with_role(rule.source)
    return site.hosts if rule.source is Place.EVERY_HOST else ()


def way_in(site: Site, host: Host) -> tuple[str, ...]:
    """The networks from which the operator reaches SSH on ``host``: what stays open when everything else is shut."""
    rules = (
        rule for rule in inbound(site, host) if rule.source is Place.MANAGEMENT or isinstance(rule.source, JumpHost)
    )
    return tuple(dict.fromkeys(network for rule in rules for network in rule.networks))


def external(site: Site, host: Host) -> tuple[Flow, ...]:
    """The connections that ``host`` makes to places outside the site."""
    flows = [flow for flow in flows_from(frozenset(host.roles)) if flow.target in EXTERNAL]
    return tuple(flow for flow in flows if _declared(site, flow))


def port_number(port: Port, host: Host) -> int:
    """The number of ``port`` on ``host``."""
    return host.ssh.port if port is SSH else port.number


def listening(site: Site, host: Host) -> dict[int, Port]:
    """The TCP ports on which something of the site answers on ``host``, by number."""
    return {rule.number: rule.port for rule in inbound(site, host)}


def named_ports(site: Site) -> tuple[Port, ...]:
    """Every port that the site's flows or services name on a host of its own, each once, SSH first."""
    ports: dict[Port, None] = {SSH: None, HTTP: None}
    for flow in FLOWS:
        if flow.target not in EXTERNAL and networks(site, flow.source) and _stands(site, flow.target):
            ports[flow.port] = None
    ports |= {port: None for role, local in LOCAL_PORTS.items() if site.with_role(role) for port in local}
    return tuple(ports)


def _stands(site: Site, end: End) -> bool:
    """Whether any host of the site is at this end of a flow."""
    return not isinstance(end, Role) or bool(site.with_role(end))


def _declared(site: Site, flow: Flow) -> bool:
    """Whether the site names the place that the flow leads to."""
    if flow.target is Place.GERRIT:
        return site.gerrit is not None and site.own_review is None
    if flow.target is Place.MAIL_RELAY:
        return site.mail is not None and site.mail.relay is not None
    if flow.target is Place.DIRECTORY:
        ldap = site.review.ldap
        return ldap is not None and ldap.server.startswith(f"{flow.port.name}://")
    if flow.target is Place.MAIL_SERVER:
        return site.review.mail is not None
    if flow.target is Place.IDENTITY_PROVIDER:
        return site.review.oidc is not None
    return True


def networks(site: Site, source: End) -> tuple[str, ...]:
    """The networks that ``source`` stands for in ``site``."""
    return _networks_of(_Identity(site), source)


@dataclass(frozen=True, eq=False)
class _Identity:
    """A site as a cache key: by identity, for a site is large and never changes."""

    site: Site

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.site is other.site

    def __hash__(self) -> int:
        return id(self.site)


@cache
def _networks_of(identity: _Identity, source: End) -> tuple[str, ...]:
    site = identity.site
    if source is Place.WORLD:
        return WORLD_NETWORKS
    if source is Place.MANAGEMENT:
        return tuple(str(network) for network in site.access.management)
    if source is Place.EVERY_HOST:
        return tuple(network for host in site.hosts for network in _host_networks(host))
    if isinstance(source, Role):
        return tuple(network for host in site.with_role(source) for network in _host_networks(host))
    return ()


def _host_networks(host: Host) -> tuple[str, ...]:
    return tuple(f"{address}/{address.max_prefixlen}" for address in host.addresses)

"""The hosts of a site and the flows between them as a picture, written in Mermaid or Graphviz. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

from pkgci.model.flows import GERRIT_SSH, LDAP, LDAPS, SUBMISSION, Place, Port
from pkgci.model.rules import Rule, external, inbound, port_number, source_hosts
from pkgci.model.site import Host, Site

# The end of an edge that all hosts of the site have in common. No host is called so: names have no blanks.
SITE = "the site"


@dataclass(frozen=True)
class Node:
    """A host (with its roles as ``lines``) or a place outside of the site."""

    id: str
    lines: tuple[str, ...]
    ours: bool


@dataclass(frozen=True)
class Edge:
    """Who connects to whom: ids of nodes, or ``SITE`` for all hosts. ``ports`` are in words, each once."""

    source: str
    target: str
    ports: tuple[str, ...]


@dataclass(frozen=True)
class Topology:
    """The picture as data."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def topology(site: Site) -> Topology:
    """The hosts of ``site``, the places they talk with, and every permitted connection.

    What all hosts share (everybody's SSH from the management networks, say) is one edge with the site as its end.
    """
    links = _without_crowds(_links(site), frozenset(_OneHost(host.name) for host in site.hosts))
    ports: dict[tuple[_End, _End], dict[str, None]] = {}
    for link in links:
        ports.setdefault((link.source, link.target), {})[f"{link.port} {link.number}"] = None
    named = {end for pair in ports for end in pair}
    hosts = [Node(host.name, (host.name, *host.roles), ours=True) for host in site.hosts]
    places = [Node(_id(site, place), (_place(site, place),), ours=False) for place in Place if place in named]
    edges = tuple(Edge(_id(site, source), _id(site, target), tuple(texts)) for (source, target), texts in ports.items())
    return Topology((*hosts, *places), edges)


@dataclass(frozen=True)
class _OneHost:
    """A host of the site, by name."""

    name: str


class _All(Enum):
    """All hosts of the site together."""

    HOSTS = SITE


_End = _OneHost | _All | Place


@dataclass(frozen=True)
class _Link:
    """One permitted connection between two ends."""

    source: _End
    target: _End
    port: str
    number: int


def _links(site: Site) -> tuple[_Link, ...]:
    links: dict[_Link, None] = {}
    for host in site.hosts:
        end = _OneHost(host.name)
        for rule in inbound(site, host):
            for source in _sources(site, rule):
                if source != end:
                    links[_Link(source, end, rule.port.name, rule.number)] = None
        for flow in external(site, host):
            number = _outside_port(site, host, flow.port)
            links[_Link(end, Place(flow.target), flow.port.name, number)] = None
    return tuple(links)


def _without_crowds(links: tuple[_Link, ...], hosts: frozenset[_End]) -> tuple[_Link, ...]:
    """``links`` with the site in place of its hosts wherever a place talks with all of them on the same port."""
    targets: dict[tuple[_End, str], set[_End]] = {}
    sources: dict[tuple[_End, str], set[_End]] = {}
    for link in links:
        targets.setdefault((link.source, link.port), set()).add(link.target)
        sources.setdefault((link.target, link.port), set()).add(link.source)

    def crowd(end: _End, others: set[_End]) -> bool:
        return len(hosts) > 1 and end not in hosts and others >= hosts

    drawn: dict[_Link, None] = {}
    for link in links:
        if crowd(link.source, targets[link.source, link.port]):
            link = replace(link, target=_All.HOSTS)
        elif crowd(link.target, sources[link.target, link.port]):
            link = replace(link, source=_All.HOSTS)
        drawn[link] = None
    return tuple(drawn)


def mermaid(picture: Topology, title: str) -> str:
    """The picture for anything that shows Mermaid: GitHub, GitLab, Gerrit's Markdown."""
    ids = _ids(picture)
    lines = ["flowchart LR", f"  subgraph site [{_quoted(title)}]"]
    lines += [f"    {ids[node.id]}[{_quoted('<br>'.join(node.lines))}]" for node in picture.nodes if node.ours]
    lines.append("  end")
    lines += [f"  {ids[node.id]}([{_quoted(node.lines[0])}])" for node in picture.nodes if not node.ours]
    lines += [
        f"  {ids[edge.source]} -->|{_quoted('<br>'.join(edge.ports))}| {ids[edge.target]}" for edge in picture.edges
    ]
    return "\n".join(lines) + "\n"


def dot(picture: Topology, title: str) -> str:
    """The picture for Graphviz."""
    ids = _ids(picture)
    lines = [f"digraph {_quoted(title)} {{", "  rankdir=LR;", "  compound=true;", "  node [shape=box];"]
    lines += ["  subgraph cluster_site {", f"    label={_quoted(title)};"]
    lines += [f"    {ids[node.id]} [label={_quoted(_dot_lines(node.lines))}];" for node in picture.nodes if node.ours]
    lines.append("  }")
    lines += [
        f"  {ids[node.id]} [label={_quoted(node.lines[0])}, shape=ellipse];" for node in picture.nodes if not node.ours
    ]
    for edge in picture.edges:
        # Graphviz draws no edge to a box: it goes to a node in it, and is cut off at the box's border.
        inside = ids[picture.nodes[0].id]
        source, target = (inside if end == SITE else ids[end] for end in (edge.source, edge.target))
        cut = ", ltail=cluster_site" if edge.source == SITE else ", lhead=cluster_site" if edge.target == SITE else ""
        lines.append(f"  {source} -> {target} [label={_quoted(_dot_lines(edge.ports))}{cut}];")
    return "\n".join([*lines, "}"]) + "\n"


def _sources(site: Site, rule: Rule) -> tuple[_End, ...]:
    if rule.source is Place.WORLD or rule.source is Place.MANAGEMENT:
        return (rule.source,)
    return tuple(_OneHost(host.name) for host in source_hosts(site, rule))


def _id(site: Site, end: _End) -> str:
    """The id of an end in the picture. A place's is no host's: a host may be called `world`."""
    if isinstance(end, _OneHost):
        return end.name
    name = str(end.value)
    return f"the place {name}" if any(host.name == name for host in site.hosts) else name


def _outside_port(site: Site, host: Host, port: Port) -> int:
    if port in (LDAP, LDAPS) and site.review.ldap is not None:
        return site.review.ldap.port(port.number)
    if port is SUBMISSION and site.review.mail is not None:
        return site.review.mail.port
    return site.gerrit.port if port is GERRIT_SSH and site.gerrit else port_number(port, host)


def _place(site: Site, place: Place) -> str:
    if place is Place.GERRIT and site.gerrit is not None:
        return site.gerrit.host
    if place is Place.DIRECTORY and site.review.ldap is not None:
        return site.review.ldap.host
    if place is Place.MAIL_SERVER and site.review.mail is not None:
        return site.review.mail.host
    if place is Place.MANAGEMENT:
        return f"management {', '.join(str(network) for network in site.access.management)}"
    return str(place.value).replace("_", " ")


def _ids(picture: Topology) -> dict[str, str]:
    """Names as both languages take them: a host may be called `end`, which is a word of Mermaid's."""
    ids = {node.id: f"n{number}_{re.sub('[^a-z0-9]', '_', node.id)}" for number, node in enumerate(picture.nodes)}
    return {**ids, SITE: "site"}


def _dot_lines(lines: tuple[str, ...]) -> str:
    return "\\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "'") + '"'

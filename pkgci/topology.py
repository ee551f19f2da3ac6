"""The hosts of a site and the flows between them as a picture, written in Mermaid or Graphviz. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pkgci.model.flows import GERRIT_SSH, Place, Port
from pkgci.model.roles import Role
from pkgci.model.rules import external, inbound, port_number
from pkgci.model.site import Host, Site


@dataclass(frozen=True)
class Node:
    """A host (with its roles as ``lines``) or a place outside of the site."""

    id: str
    lines: tuple[str, ...]
    ours: bool


@dataclass(frozen=True)
class Edge:
    """Who connects to whom; ``ports`` in words, each once."""

    source: str
    target: str
    ports: tuple[str, ...]


@dataclass(frozen=True)
class Topology:
    """The picture as data."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def topology(site: Site) -> Topology:
    """The hosts of ``site``, the places they talk with, and every permitted connection."""
    edges: dict[tuple[str, str], dict[str, None]] = {}
    for host in site.hosts:
        for rule in inbound(site, host):
            for source in _sources(site, rule.source):
                if source != host.name:
                    edges.setdefault((source, host.name), {})[f"{rule.port.name} {rule.number}"] = None
        for flow in external(site, host):
            edges.setdefault((host.name, flow.target.value), {})[_outside_port(site, host, flow.port)] = None
    hosts = [Node(host.name, (host.name, *host.roles), ours=True) for host in site.hosts]
    named = {name for pair in edges for name in pair}
    places = [Node(place, (_place(site, place),), ours=False) for place in Place if place in named]
    return Topology(
        (*hosts, *places), tuple(Edge(source, target, tuple(ports)) for (source, target), ports in edges.items())
    )


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
    lines = [f"digraph {_quoted(title)} {{", "  rankdir=LR;", "  node [shape=box];"]
    lines += ["  subgraph cluster_site {", f"    label={_quoted(title)};"]
    lines += [f"    {ids[node.id]} [label={_quoted(_dot_lines(node.lines))}];" for node in picture.nodes if node.ours]
    lines.append("  }")
    lines += [
        f"  {ids[node.id]} [label={_quoted(node.lines[0])}, shape=ellipse];" for node in picture.nodes if not node.ours
    ]
    lines += [
        f"  {ids[edge.source]} -> {ids[edge.target]} [label={_quoted(_dot_lines(edge.ports))}];"
        for edge in picture.edges
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _sources(site: Site, source: str) -> tuple[str, ...]:
    if source in (Place.WORLD, Place.MANAGEMENT):
        return (source,)
    if source == Place.EVERY_HOST:
        return tuple(host.name for host in site.hosts)
    return tuple(host.name for host in site.with_role(Role(source))) if source in set(Role) else (source,)


def _outside_port(site: Site, host: Host, port: Port) -> str:
    number = site.gerrit.port if port is GERRIT_SSH and site.gerrit else port_number(port, host)
    return f"{port.name} {number}"


def _place(site: Site, place: Place) -> str:
    if place is Place.GERRIT and site.gerrit is not None:
        return site.gerrit.host
    if place is Place.MANAGEMENT:
        return f"management {', '.join(str(network) for network in site.access.management)}"
    return place.value.replace("_", " ")


def _ids(picture: Topology) -> dict[str, str]:
    """Names as both languages take them: a host may be called `end`, which is a word of Mermaid's."""
    return {node.id: f"n{number}_{node.id.replace('-', '_')}" for number, node in enumerate(picture.nodes)}


def _dot_lines(lines: tuple[str, ...]) -> str:
    return "\\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "'") + '"'

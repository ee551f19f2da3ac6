"""The order as Markdown that reads well unrendered at 80 columns, as CSV, and as plain data for JSON. Pure."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Sequence
from typing import Any

from pkgci.model.plural import counted
from pkgci.model.roles import CATALOGUE, Resources
from pkgci.servers.order import KINDS, SYSTEMS, Connection, Order, Server, Total


def markdown(order: Order) -> str:
    """The request to the IT department."""
    site = order.site
    parts = [
        f"# Servers for {site.name}",
        _paragraph(
            f"Please provide the {counted(len(order.servers), 'server')} below for the packaging CI of {site.domain}: "
            "the machines, their names in DNS with reverse records, and the connections listed at the end. "
            "Where a network firewall stands in between, please open it for them; each server also has a firewall of "
            "its own, which permits exactly these connections. CPU, RAM and disk are minimums."
        ),
        "## Machines",
        _machines(order),
        "Together:",
        _totals(order.totals),
        "## Names and addresses",
        _names(order),
        "## What each server is for",
        "\n\n".join(_purpose(server) for server in order.servers),
        "## Connections",
        "\n\n".join(_connections(server) for server in order.servers),
    ]
    return "\n\n".join(parts) + "\n"


def csv_text(order: Order) -> str:
    """One row for each server. Several values in a field are separated by spaces, connections by semicolons."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    columns = ["host", "roles", "kind", "cpu", "memory_mb", "disk_gb", "disk_paths", "kvm", "os", "public", "dns"]
    writer.writerow([*columns, "aliases", "addresses", "inbound", "outbound"])
    for item in order.servers:
        data = _data(item)
        row = [data[column] for column in columns] + [data["aliases"], data["addresses"]]
        flows = ["; ".join(_line(connection) for connection in side) for side in (item.inbound, item.outbound)]
        writer.writerow([_field(value) for value in row] + flows)
    return buffer.getvalue()


def data(order: Order) -> dict[str, Any]:
    """The order as plain data."""
    return {
        "site": order.site.name,
        "domain": order.site.domain,
        "servers": [
            {**_data(item), "inbound": _flows(item.inbound), "outbound": _flows(item.outbound)}
            for item in order.servers
        ],
        "totals": [
            {"kind": total.kind, "servers": total.count, **_resources(total.resources)} for total in order.totals
        ],
    }


def size(gigabytes: float) -> str:
    """An amount as orders have it: ``4 GB``, ``512 MB``."""
    return f"{gigabytes:g} GB" if gigabytes >= 1 else f"{gigabytes * 1000:g} MB"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A Markdown table with aligned columns; the columns ``numbers`` are set to the right."""
    widths = [max(3, *(len(row[index]) for row in [header, *rows])) for index in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if index in numbers else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * (width + 1) + ":" if index in numbers else "-" * (width + 2) for index, width in enumerate(widths)]
    return "\n".join([line(header), f"|{'|'.join(rule)}|", *(line(row) for row in rows)])


def _machines(order: Order) -> str:
    rows = [
        [
            item.host.name,
            _folded_roles([str(role) for role in item.host.roles]),
            KINDS[item.host.kind] + (" (KVM)" if item.host.needs_kvm else ""),
            str(item.host.resources.cpu),
            size(item.host.resources.memory_mb / 1000),
            size(item.host.resources.disk_gb),
            "yes" if item.host.public else "no",
        ]
        for item in order.servers
    ]
    return table(["host", "role", "kind", "CPU", "RAM", "disk", "public"], rows, numbers=(3, 4, 5))


def _folded_roles(roles: list[str]) -> str:
    """The roles where they fit into the column, else the first one and how many more: the list comes further down."""
    text = ", ".join(roles)
    return text if len(text) <= 24 else f"{roles[0]} + {len(roles) - 1}"


def _totals(totals: tuple[Total, ...]) -> str:
    rows = [
        [
            "all" if total.kind is None else KINDS[total.kind],
            str(total.count),
            str(total.resources.cpu),
            size(total.resources.memory_mb / 1000),
            size(total.resources.disk_gb),
        ]
        for total in totals
    ]
    return table(["kind", "servers", "CPU", "RAM", "disk"], rows, numbers=(1, 2, 3, 4))


def _names(order: Order) -> str:
    rows = []
    for item in order.servers:
        names, addresses = [item.host.fqdn, *item.host.aliases], [str(address) for address in item.host.addresses]
        for index in range(max(len(names), len(addresses))):
            rows.append(
                [
                    item.host.name if index == 0 else "",
                    names[index] if index < len(names) else "",
                    addresses[index] if index < len(addresses) else "",
                    SYSTEMS[item.host.os] if index == 0 else "",
                ]
            )
    return table(["host", "DNS name", "address", "system"], rows)


def _purpose(item: Server) -> str:
    titles = "; ".join(CATALOGUE[role].title for role in item.host.roles)
    disk = f"Disk for {' and '.join(item.disk_paths)}."
    kvm = " KVM (hardware virtualisation) must be usable." if item.host.needs_kvm else ""
    text = f"- **{item.host.name}**: {titles}. {disk}{kvm}"
    return textwrap.fill(text, 80, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _connections(item: Server) -> str:
    return "\n\n".join(
        [
            f"### {item.host.name}",
            _connection_table("in: from", item.inbound),
            _connection_table("out: to", item.outbound),
        ]
    )


def _connection_table(title: str, connections: tuple[Connection, ...]) -> str:
    rows = []
    for item in connections:
        lines = _wrapped([str(peer) for peer in item.peers], 26)
        why = textwrap.wrap(item.why, 34)
        for index in range(max(len(lines), len(why))):
            rows.append(
                [
                    lines[index] if index < len(lines) else "",
                    f"{item.protocol.upper()} {item.port}" if index == 0 else "",
                    why[index] if index < len(why) else "",
                ]
            )
    return table([title, "port", "why"], rows)


def _wrapped(items: Sequence[str], width: int) -> list[str]:
    """``items`` separated by commas, in lines of ``width`` where the items allow it."""
    return textwrap.wrap(", ".join(items), width, break_long_words=False, break_on_hyphens=False)


def _paragraph(text: str) -> str:
    return textwrap.fill(text, 80, break_long_words=False, break_on_hyphens=False)


def _data(item: Server) -> dict[str, Any]:
    host = item.host
    return {
        "host": host.name,
        "roles": list(host.roles),
        "kind": host.kind,
        **_resources(host.resources),
        "disk_paths": list(item.disk_paths),
        "kvm": host.needs_kvm,
        "os": host.os,
        "public": host.public,
        "dns": host.fqdn,
        "aliases": list(host.aliases),
        "addresses": [str(address) for address in host.addresses],
    }


def _resources(resources: Resources) -> dict[str, int]:
    return {"cpu": resources.cpu, "memory_mb": resources.memory_mb, "disk_gb": resources.disk_gb}


def _flows(connections: tuple[Connection, ...]) -> list[dict[str, Any]]:
    return [
        {"protocol": item.protocol, "port": item.port, "peers": [str(peer) for peer in item.peers], "why": item.why}
        for item in connections
    ]


def _field(value: object) -> str:
    if isinstance(value, list):
        return " ".join(str(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _line(item: Connection) -> str:
    return f"{item.protocol.upper()} {item.port} {', '.join(map(str, item.peers))} ({item.why})"

"""Roles and flows: the two tables from which firewalls, orders and the connectivity matrix are made."""

from __future__ import annotations

from pkgci.model.flows import EXTERNAL, FLOWS, LOCAL_PORTS, End, Place
from pkgci.model.roles import CATALOGUE, Role, RoleSpec
from tools.manual.markdown import code, document, table

_PLACES = {
    Place.WORLD: "Everybody.",
    Place.MANAGEMENT: "The networks of `access: {management: …}`.",
    Place.EVERY_HOST: "Every host of the site.",
    Place.GERRIT: "A Gerrit that is not a host of the site.",
    Place.DIRECTORY: "The LDAP directory that Gerrit's accounts come from.",
    Place.IDENTITY_PROVIDER: "The OpenID Connect provider that Gerrit's accounts come from.",
    Place.MAIL_SERVER: "The server that takes Gerrit's mail.",
    Place.MIRRORS: "Mirrors of operating systems.",
    Place.RESOLVERS: "Name servers.",
    Place.TIME_SERVERS: "Time servers.",
    Place.MAIL_RELAY: "The site's mail relay.",
}


def roles() -> str:
    """docs/reference/roles.md."""
    rows = [
        (
            code(spec.role),
            spec.title,
            spec.kind.value,
            str(spec.resources.cpu),
            _size(spec.resources.memory_mb),
            f"{_size(spec.resources.disk_gb * 1000)} at `{spec.disk_path}`",
            _properties(spec),
        )
        for spec in CATALOGUE.values()
    ]
    return document(
        "Roles",
        "A role says what a host is for. A host with several roles needs the sum of their resources, for which "
        "`resources:` in the site file can set other figures ([site file](site-file.md)). [Flows](flows.md) says who "
        "may reach a role on which port, and [Puppet](puppet.md) which classes deploy it.",
        table(("Role", "What it is", "Kind", "CPUs", "Memory", "Disk", "Properties"), rows),
        *(_role(spec) for spec in CATALOGUE.values()),
    )


def _properties(spec: RoleSpec) -> str:
    found = {
        "public": spec.public,
        "mandatory": spec.mandatory,
        "one host at most": spec.single,
        "needs KVM": spec.needs_kvm,
    }
    return ", ".join(name for name, holds in found.items() if holds)


def _role(spec: RoleSpec) -> str:
    rows = [
        ("Operating systems", ", ".join(code(system) for system in sorted(spec.systems))),
        ("systemd units", ", ".join(code(unit) for unit in spec.units)),
        ("Accounts", ", ".join(code(account) for account in spec.accounts)),
    ]
    return f"## {spec.role}\n\n{table(('', ''), [row for row in rows if row[1]])}"


def flows() -> str:
    """docs/reference/flows.md."""
    rows = [
        (_end(flow.source), _end(flow.target), f"{flow.port.number}/{flow.port.protocol} ({flow.port.name})", flow.why)
        for flow in FLOWS
    ]
    local = [(_end(role), f"{port.number} ({port.name})") for role, ports in LOCAL_PORTS.items() for port in ports]
    ends = [(code(place.value), _PLACES[place], "no" if place in EXTERNAL else "yes") for place in Place]
    return document(
        "Flows",
        "Every permitted connection. The firewalls on the hosts, the connectivity matrix, the order sheet and the "
        "topology picture are made from this table; every other connection is closed. The SSH port is the default, "
        "which `ssh: {port: …}` of a host overrides.",
        table(("From", "To", "Port", "Why"), rows),
        "## Sources and destinations that are not roles",
        table(("Name", "What it is", "Part of the site"), ends),
        "## Ports that are local to their host",
        "These services listen only behind the web server of their own host. No other host reaches them.",
        table(("Role", "Port"), local),
    )


def _end(end: End) -> str:
    return f"[`{end}`](roles.md#{end})" if isinstance(end, Role) else code(end.value)


def _size(megabytes: int) -> str:
    return f"{megabytes / 1000:g} GB"

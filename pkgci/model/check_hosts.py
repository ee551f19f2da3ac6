"""What must be true across the hosts of a site file: their roles, addresses, names, systems, and the ways to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from pkgci.model.document import Document, Fault, Path_
from pkgci.model.roles import CATALOGUE, OperatingSystem, Role
from pkgci.model.rules import AUTHORITY, TAKEN_NAMES
from pkgci.model.words import nearest

# RFC 1035, section 2.3.4.
_LONGEST_NAME = 253
# Neither for a host: reserved, for one link only.
_NO_HOSTS = (
    IPv4Network("240.0.0.0/4"),
    IPv4Network("0.0.0.0/8"),
    IPv4Network("169.254.0.0/16"),
    IPv6Network("fe80::/10"),
)


def check_hosts(document: Document, hosts: dict[str, Any]) -> Iterator[Fault]:
    """The faults of ``hosts`` and of ``outside``, in a document that need not fit the schema."""
    yield from _roles(document, hosts)
    yield from _addresses(document, hosts)
    yield from _names(document, hosts)
    yield from _jumps(document, hosts)
    yield from _systems(document, hosts)


def named_roles(entry: dict[str, Any]) -> list[str]:
    """The roles that a host's entry names, as they are written."""
    roles = entry.get("roles")
    named = [entry.get("role"), *(roles if isinstance(roles, list) else [])]
    return [role for role in named if isinstance(role, str)]


def _roles(document: Document, hosts: dict[str, Any]) -> Iterator[Fault]:
    holders: dict[str, list[str]] = {}
    for name, entry in hosts.items():
        roles = named_roles(entry)
        if not roles:
            yield Fault(document.position(("hosts", name), key=True), f"host '{name}' has no role")
        if entry.get("role") is not None and entry.get("roles") is not None:
            place = document.position(("hosts", name, "roles"), key=True)
            yield Fault(place, f"host '{name}' has both 'role' and 'roles': write one of them")
        for role in sorted(set(roles)):
            holders.setdefault(role, []).append(name)
    for role, spec in CATALOGUE.items():
        if spec.mandatory and role not in holders and not _almost(role, holders):
            place = document.position(("hosts",), key=True)
            yield Fault(place, f"no host has the role '{role}', which a site must have ({spec.title})")
        for name in holders.get(role, [])[1:] if spec.single else []:
            place = document.position(("hosts", name), key=True)
            first = holders[role][0]
            yield Fault(place, f"host '{name}' is a second {role}: a site has one, and '{first}' is it")


def _almost(role: Role, holders: Iterable[str]) -> bool:
    """Whether a misspelt role stands in for ``role``: then the spelling is the fault, not the absence."""
    return any(f"'{role}'" in nearest(word, Role) for word in holders if word not in set(Role))


def _addresses(document: Document, hosts: dict[str, Any]) -> Iterator[Fault]:
    seen: dict[Any, str] = {}
    places: list[tuple[str, Path_, Any]] = []
    for name, entry in hosts.items():
        several = entry.get("addresses")
        several = several if isinstance(several, list) else []
        if entry.get("address") is None and not several:
            yield Fault(document.position(("hosts", name), key=True), f"host '{name}' has no address")
        if entry.get("address") is not None:
            places.append((f"host '{name}'s", ("hosts", name, "address"), entry["address"]))
        places += [(f"host '{name}'s", ("hosts", name, "addresses", i), item) for i, item in enumerate(several)]
    outside = document.data.get("outside")
    if isinstance(outside, dict) and outside.get("address") is not None:
        places.append(("the outside host's", ("outside", "address"), outside["address"]))
    for owner, path, text in places:
        try:
            address = ip_address(text) if isinstance(text, str) else None
        except ValueError:
            continue
        if address is None:
            continue
        if address in seen:
            yield Fault(document.position(path), f"address {address} is already {seen[address]}")
        elif (
            address.is_unspecified
            or address.is_multicast
            or address.is_loopback
            or any(address in network for network in _NO_HOSTS)
        ):
            yield Fault(document.position(path), f"address {address} cannot be a host's")
        seen.setdefault(address, owner)


def _names(document: Document, hosts: dict[str, Any]) -> Iterator[Fault]:
    domain = document.data.get("domain")
    seen: dict[str, str] = {}
    for name, entry in hosts.items():
        aliases = entry.get("aliases")
        names: list[tuple[Path_, Any]] = [(("hosts", name, "dns"), entry.get("dns") or f"{name}.{domain}")]
        names += [
            (("hosts", name, "aliases", i), a) for i, a in enumerate(aliases if isinstance(aliases, list) else [])
        ]
        for path, dns in names:
            if not isinstance(dns, str):
                continue
            known = path in document.values
            place = document.position(path if known else ("hosts", name), key=not known)
            if dns in seen:
                yield Fault(place, f"DNS name '{dns}' is already host '{seen[dns]}'s")
            elif not known and isinstance(domain, str) and len(dns) > _LONGEST_NAME >= len(domain):
                words = f"the DNS name of host '{name}', '{name}.' before the domain, has {len(dns)} characters"
                yield Fault(place, f"{words}: {_LONGEST_NAME} are the most; shorten the name, or give it a `dns:`")
            seen.setdefault(dns, name)
        if name == AUTHORITY and any(role in set(Role) and CATALOGUE[Role(role)].public for role in named_roles(entry)):
            words = "the name is taken by the site's certificate authority; its DNS name can stay (`dns:`)"
            yield Fault(document.position(("hosts", name), key=True), f"host '{name}': {words}")
    for name, owner in TAKEN_NAMES.items():
        if name in hosts:
            yield Fault(document.position(("hosts", name), key=True), f"host '{name}': the name is taken by {owner}")


def _jump_of(entry: dict[str, Any]) -> str | None:
    ssh = entry.get("ssh")
    jump = ssh.get("jump") if isinstance(ssh, dict) else None
    return jump if isinstance(jump, str) else None


def _jumps(document: Document, hosts: dict[str, Any]) -> Iterator[Fault]:
    common = document.data.get("ssh")
    if isinstance(common, dict) and common.get("jump") is not None:
        place = document.position(("ssh", "jump"), key=True)
        yield Fault(place, "'jump' belongs to a host: the site's own `ssh` is the jump host's too")
    outside = document.data.get("outside")
    beyond = _jump_of(outside) if isinstance(outside, dict) else None
    if beyond is not None and beyond not in hosts:
        place = document.position(("outside", "ssh", "jump"))
        yield Fault(place, f"unknown jump host '{beyond}'{nearest(beyond, hosts)}")
    jumps = {name: _jump_of(entry) for name, entry in hosts.items()}
    reported: set[str] = set()
    for name, jump in jumps.items():
        place = document.position(("hosts", name, "ssh", "jump"))
        if jump is not None and jump not in hosts:
            yield Fault(place, f"unknown jump host '{jump}'{nearest(jump, hosts)}")
            continue
        chain = [name]
        while (following := jumps.get(chain[-1])) is not None and following not in chain:
            chain.append(following)
        if following == name and name not in reported:
            reported.update(chain)
            yield Fault(place, f"the jump hosts go in a circle: {' → '.join([*chain, name])}")


def _systems(document: Document, hosts: dict[str, Any]) -> Iterator[Fault]:
    default = document.data.get("os", OperatingSystem.DEBIAN_13.value)
    for name, entry in hosts.items():
        system = entry.get("os", default)
        if not isinstance(system, str) or system not in set(OperatingSystem):
            continue
        for role in named_roles(entry):
            if role in set(Role) and system not in CATALOGUE[Role(role)].systems:
                supported = ", ".join(s for s in OperatingSystem if s in CATALOGUE[Role(role)].systems)
                path: Path_ = ("hosts", name, "os") if "os" in entry else ("hosts", name)
                yield Fault(document.position(path), f"role '{role}' cannot run on {system} (it runs on {supported})")

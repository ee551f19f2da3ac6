"""The hosts of a site file: their roles and addresses as written, and the one that a lab adds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

from pkgci.errors import UsageError
from pkgci.model.flows import SSH
from pkgci.model.lab import LAB_KEY, LAB_REVIEW, is_real
from pkgci.model.roles import Role
from pkgci.model.schema import HostEntry, SiteFile, SshEntry
from pkgci.model.texts import Address
from pkgci.model.words import nearest

# Where the lab's Gerrit stands in its network, at most: the lab's other machines are above it.
_HIGHEST = 240


def host_roles(entry: HostEntry) -> tuple[Role, ...]:
    """The roles of a host entry, in catalogue order."""
    named = set(entry.roles or ()) | ({entry.role} if entry.role else set())
    return tuple(role for role in Role if role in named)


def unknown_role(name: str) -> UsageError:
    """The error for a word that is no role."""
    return UsageError(f"unknown role '{name}'{nearest(name, Role)}", f"roles: {', '.join(Role)}")


def host_addresses(entry: HostEntry) -> tuple[Address, ...]:
    """The addresses of a host entry, ``address`` first."""
    return (*((entry.address,) if entry.address else ()), *(entry.addresses or ()))


def completed(common: SshEntry, own: SshEntry | None) -> SshEntry:
    """How a host is reached: what its entry says, and what the site says of every host for the rest."""
    if own is None:
        return common
    return common.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})


def host_entries(document: SiteFile) -> dict[str, HostEntry]:
    """The hosts of a site file, and the one that its lab adds for a real Gerrit where none of them has that role."""
    named = dict(document.hosts)
    taken = [address for one in named.values() for address in host_addresses(one)]
    # Without any address there is no network yet that the added host could be in.
    if document.gerrit is None or not taken or not lab_adds_review(document):
        return named
    free = _free_address(taken)
    if free is None:
        return named
    entry = HostEntry(
        role=Role.REVIEW,
        address=free,
        dns=document.gerrit.host,
        # All of it: the lab makes this host, whatever the site says of its own.
        ssh=SshEntry(user="root", port=SSH.number, key=LAB_KEY, jump=None, sudo=False),
    )
    return {**named, LAB_REVIEW: entry}


def lab_adds_review(document: SiteFile) -> bool:
    """Whether the lab of a site file brings the host of its real Gerrit."""
    if document.lab is None or not is_real(document.lab.review):
        return False
    return not any(Role.REVIEW in host_roles(entry) for entry in document.hosts.values())


def _free_address(taken: Sequence[Address]) -> Address | None:
    """The highest address of the first one's network that no host has, below those of the lab's own machines."""
    network = ip_network((taken[0], 24 if taken[0].version == 4 else 120), strict=False)
    return next((network[last] for last in range(_HIGHEST, 1, -1) if network[last] not in taken), None)

"""The accounts that pkgci needs on a host: somebody else's of the same names would stand in their way. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pkgci.model.roles import CATALOGUE, KEYS_GROUP, LOGINS, SLAVES
from pkgci.model.site import Host, Site


@dataclass(frozen=True)
class Accounts:
    """What pkgci needs of accounts on a host: those that it makes, groups too, and those that are logged in to."""

    made: tuple[str, ...]
    groups: tuple[str, ...]
    logins: tuple[str, ...]


def accounts(site: Site, host: Host) -> Accounts:
    """The accounts of ``host``, each once."""
    people = [name for name in site.administrator_keys if name not in (host.ssh.user, "root")]
    jobs = [host.agent_user] if set(SLAVES) & set(host.roles) else []
    roles = [name for role in host.roles for name in CATALOGUE[role].accounts]
    made = tuple(dict.fromkeys([*roles, *jobs, *people]))
    logins = [host.ssh.user, *people, *jobs, *(name for name in roles if name in LOGINS)]
    groups = [KEYS_GROUP, *(name for role in host.roles for name in CATALOGUE[role].groups)]
    return Accounts(made, tuple(groups), tuple(dict.fromkeys(logins)))

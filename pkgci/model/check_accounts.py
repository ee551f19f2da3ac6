"""Whose accounts the administrators' and the login's are: never those of the system or of a role's services."""

from __future__ import annotations

from collections.abc import Iterator

from pkgci.model.document import Document, Fault, Path_
from pkgci.model.entries import host_entries, host_roles
from pkgci.model.roles import CATALOGUE, SLAVES, Role
from pkgci.model.schema import SiteFile

# Debian's own accounts (base-passwd, and what is on every host). Root may be an administrator's.
_SYSTEM = frozenset(
    {
        "_apt",
        "backup",
        "bin",
        "daemon",
        "games",
        "gnats",
        "irc",
        "list",
        "lp",
        "mail",
        "man",
        "messagebus",
        "news",
        "nobody",
        "proxy",
        "sshd",
        "sync",
        "sys",
        "systemd-network",
        "systemd-resolve",
        "systemd-timesync",
        "uucp",
        "www-data",
    }
)


def check_accounts(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    """The faults of the accounts that people, and pkgci itself, log in to."""
    # What accounts another tree of manifests makes, only that tree knows.
    roles = {} if site_file.manifests is not None else _accounts_of_roles(site_file)
    for name in site_file.access.administrators:
        place = document.position(("access", "administrators", name), key=True)
        if name in _SYSTEM:
            yield Fault(place, f"administrator '{name}': the account is the system's own on every host")
        elif name in roles:
            yield Fault(place, f"administrator '{name}': the account is that of the role {roles[name]}")
    logins: list[tuple[Path_, str]] = [(("ssh", "user"), site_file.ssh.user)]
    logins += [(("hosts", name, "ssh", "user"), host.ssh.user) for name, host in site_file.hosts.items() if host.ssh]
    for path, user in logins:
        if user in roles:
            yield Fault(
                document.position(path), f"nobody can log in as '{user}': the account is the role {roles[user]}'s"
            )


def _accounts_of_roles(site_file: SiteFile) -> dict[str, str]:
    """Account → the role that makes it, for the roles of the site."""
    found: dict[str, str] = {}
    for entry in host_entries(site_file).values():
        for role in host_roles(entry):
            runs_jobs = ("jenkins", "jenkins-agent") if role in SLAVES or role is Role.JENKINS_MASTER else ()
            for account in (*CATALOGUE[role].accounts, *runs_jobs):
                found.setdefault(account, role.value)
    return found

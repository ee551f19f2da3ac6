"""A host that is retired: the site as that host's data is rendered from it, and what it knew. Pure."""

from __future__ import annotations

from dataclasses import replace

from pkgci.errors import UsageError
from pkgci.leavers.memory import Remembered
from pkgci.model.site import Host, Site
from pkgci.secrets.needs import REPOSITORY_KEYS, needs, signing_name
from pkgci.secrets.rotation import NAMES


def site_with(site: Site, retired: Host) -> Site:
    """``site`` with the host ``retired``, which has no roles, beside its own.

    Raises ``UsageError`` where the site applies manifests that are not pkgci's: they do not know how to take a role
    away; and where the jump host on the way is gone.
    """
    if site.manifests is not None:
        raise UsageError(
            f"{site.path} applies manifests of its own: only they know what a role has brought to {retired.name}",
            f"clean it up by hand, then `pkgci retire {retired.name} --lost`",
        )
    names = {host.name for host in site.hosts}
    if retired.ssh.jump is not None and retired.ssh.jump not in names:
        raise UsageError(
            f"{retired.name} was reached through {retired.ssh.jump}, which is no longer in {site.path}",
            f"put {retired.ssh.jump} back for as long as it takes, or `pkgci retire {retired.name} --lost`",
        )
    return replace(site, hosts=(*site.hosts, retired))


def to_rotate(site: Site, host: Remembered) -> tuple[str, ...]:
    """What to call the secrets that ``host`` had and that the site still needs, for `pkgci secrets rotate`."""
    words = {signing_name(name): word for word, name in NAMES.items() if name in REPOSITORY_KEYS}
    needed = {*needs(site), *words}
    return tuple(dict.fromkeys(words.get(name, name) for name in host.secrets if name in needed))

"""Whether the hosts know what the site's jobs are about: asked before jobs or pipelines are deployed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from pkgci.cli.invocation import next_command
from pkgci.cli.say import say
from pkgci.errors import PkgciError

if TYPE_CHECKING:
    from pkgci.model.site import Site

# How many things, or hosts, a sentence names.
_NAMED = 3


def ask_hosts(site: Site, accept_new_host_keys: bool, projects: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Host → what it does not know of ``projects``. Hosts that could not be asked are named on standard error."""
    from pkgci.cli.connect import site_trust
    from pkgci.puppetrun.knowledge import ask_slaves

    found = ask_slaves(site, site_trust(site, accept_new_host_keys), projects)
    for name, error in found.unasked.items():
        say(f"{name} could not be asked whether it knows the site's projects: {error.reason}", err=True)
    return found.lacking


def sentences(lacking: Mapping[str, tuple[str, ...]]) -> list[str]:
    """What hosts do not know, those that lack the same in one sentence."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for host, what in lacking.items():
        alike.setdefault(what, []).append(host)
    return [
        f"{_listed(hosts, len(hosts))} {'do' if len(hosts) > 1 else 'does'} not know {_listed(what, _NAMED)} yet"
        for what, hosts in alike.items()
    ]


def remedy(lacking: Mapping[str, tuple[str, ...]]) -> str:
    """The command after which they know it."""
    return next_command("bootstrap", hosts=tuple(lacking)) if len(lacking) == 1 else next_command("bootstrap")


def show_lacking(lacking: Mapping[str, tuple[str, ...]]) -> None:
    """Writes what hosts do not know to standard error, beside a plan."""
    for sentence in sentences(lacking):
        say(f"{sentence}: their jobs would fail", err=True)
    if lacking:
        say(f"  first: {remedy(lacking)}", err=True)


def refuse(lacking: Mapping[str, tuple[str, ...]]) -> None:
    """Raises ``PkgciError`` where a host does not know what its jobs would be about."""
    if lacking:
        told = "; ".join(sentences(lacking))
        raise PkgciError(f"{told}: their jobs would fail. Nothing was done", remedy(lacking))


def _listed(names: Collection[str], most: int) -> str:
    shown = list(names)[:most]
    more = len(names) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join([*([", ".join(shown[:-1])] if shown[1:] else []), shown[-1]])

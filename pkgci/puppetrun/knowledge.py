"""Asks the hosts that run jobs what they know of the site, side by side: one short look at each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pkgci.model.known_steps import lacking
from pkgci.model.roles import SLAVES
from pkgci.model.site import Host, Site
from pkgci.remote import session as sessions
from pkgci.remote.errors import HostError
from pkgci.remote.fanout import each_host
from pkgci.remote.pool import Pool
from pkgci.remote.trust import Trust

# Everybody may read it.
_LOOK = "cat /etc/pkgci/steps.json 2>/dev/null"
_PARALLEL = 20


@dataclass(frozen=True)
class Knowledge:
    """What hosts lack, by name, and those that could not be asked."""

    lacking: Mapping[str, tuple[str, ...]]
    unasked: Mapping[str, HostError]


def ask_slaves(site: Site, trust: Trust, projects: Collection[str]) -> Knowledge:
    """What each host that runs jobs does not know of ``projects``. A tree of somebody else's manifests is not asked."""
    hosts = tuple(host for host in site.hosts if any(role in SLAVES for role in host.roles))
    if site.manifests is not None or not projects:
        return Knowledge({}, {})

    pool = Pool()

    def ask(host: Host) -> tuple[str, ...]:
        with sessions.open_session(site, host, trust, pool, timeout=site.timeouts.brief) as session:
            told = session.run(_LOOK, sudo=False)
        return lacking(site, host, told.stdout or None, projects)

    found = each_host(hosts, ask, pool, parallel=_PARALLEL)
    return Knowledge(
        {name: answer for name, answer in found.items() if not isinstance(answer, HostError) and answer},
        {name: answer for name, answer in found.items() if isinstance(answer, HostError)},
    )

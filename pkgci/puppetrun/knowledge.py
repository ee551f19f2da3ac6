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
from pkgci.remote.trust import Trust

# Everybody may read it. What a login shell prints of its own accord is outside of the marks.
_LOOK = r"printf '\001'; cat /etc/pkgci/steps.json 2>/dev/null; printf '\002'"
_PARALLEL = 20
# Seconds, for each step of connecting, and for the look.
_CONNECT = 5.0
_ANSWER = 15.0


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

    def ask(host: Host) -> tuple[str, ...]:
        with sessions.open_session(site, host, trust, timeout=_CONNECT) as session:
            told = session.run(_LOOK, timeout=_ANSWER, sudo=False)
        text, end, _ = told.stdout.rpartition("\001")[2].partition("\002")
        if not end:
            said = (told.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise HostError(host.name, f"its answer is not whole: {said[:200]}")
        return lacking(site, host, text or None, projects)

    found = each_host(hosts, ask, parallel=_PARALLEL)
    return Knowledge(
        {name: answer for name, answer in found.items() if not isinstance(answer, HostError) and answer},
        {name: answer for name, answer in found.items() if isinstance(answer, HostError)},
    )

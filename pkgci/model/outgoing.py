"""What jobs may reach from a slave: anybody may have written what runs in them, so it is what they need and no more.

A host's own programs reach what they like: the rules are for accounts. They hold on every interface, loopback included.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from pkgci.model.flows import FLOWS, HTTP, HTTPS, Place
from pkgci.model.roles import SLAVES, Role
from pkgci.model.rules import Rule, networks, port_number
from pkgci.model.site import Host, Site
from pkgci.model.sources import TarballSource, source_words

# Where machines in a cloud ask who they are, and get its keys: link-local, and where Amazon, Azure and Alibaba have it
# elsewhere. DNS, which some have there too, comes before this.
METADATA = ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "168.63.129.16/32", "100.100.100.200/32")
LOOPBACK = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True)
class Outgoing:
    """What the accounts of jobs reach from one host. Name servers, they all do.

    ``agent`` is for the account that runs jobs alone: Zuul's git and the log server. ``roots`` is for whoever works in
    a root or chroot too, in the account's namespaces: the package repositories. ``ports`` are the TCP ports at which
    they, and the account that fetches upstream's files, reach mirrors: anywhere but at ``refused``.
    """

    agent: tuple[Rule, ...]
    roots: tuple[Rule, ...]
    ports: tuple[int, ...]
    refused: tuple[str, ...]


def outgoing(site: Site, host: Host) -> Outgoing | None:
    """What jobs on ``host`` reach; None where it runs none."""
    roles = [role for role in host.roles if role in SLAVES]
    if not roles:
        return None
    rules: dict[Rule, Role] = {}
    for flow in FLOWS:
        # The publisher fetches what was built as another account than that of jobs.
        if flow.source in roles and isinstance(flow.target, Role) and flow.target is not Role.SLAVE_BUILD:
            for target in site.with_role(flow.target):
                own = LOOPBACK if target is host else ()
                places = (*(f"{address}/{address.max_prefixlen}" for address in target.addresses), *own)
                number = port_number(flow.port, target)
                rules[Rule(flow.target, places, flow.port, number, flow.why)] = flow.target
    return Outgoing(
        agent=tuple(rule for rule, target in rules.items() if target is not Role.PUBLISHER),
        roots=tuple(rule for rule, target in rules.items() if target is Role.PUBLISHER),
        ports=_ports(site),
        refused=(*networks(site, Place.EVERY_HOST), *METADATA),
    )


def _ports(site: Site) -> tuple[int, ...]:
    """The TCP ports of mirrors, and of what builds fetch: the usual ones, and those that the site file names."""
    urls = [url for target in site.targets.values() for url in (target.mirror, target.security_mirror) if url]
    urls += [site.sources.lookaside] if site.sources.lookaside else []
    sources = (project.source for project in site.projects.values())
    urls += [source_words(source)["url"] for source in sources if isinstance(source, TarballSource)]
    urls += [f"https://{host}" for host in site.sources.hosts]
    named = {port for url in urls if (port := urlsplit(url).port)}
    return tuple(sorted({HTTP.number, HTTPS.number, *named, *site.builds.ports}))

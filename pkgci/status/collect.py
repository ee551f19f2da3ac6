"""What is asked of a host that is at work, and the answers as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from pkgci.facts.disks import Disk, Disks, Temporary, TemporaryFact
from pkgci.facts.fact import Answers, Fact
from pkgci.facts.firewalls import Firewall, OwnFirewall
from pkgci.facts.runs import LastRun, Release, Run
from pkgci.facts.services import (
    Certificate,
    Page,
    Question,
    ReviewLinkFact,
    Services,
    SigningKey,
    SourceKeys,
    Unit,
    Units,
)
from pkgci.facts.system import Now
from pkgci.model.flows import GEARMAN, GERRIT_HTTP, JENKINS_HTTP, ZUUL_WEBAPP
from pkgci.model.roles import CATALOGUE, FIREWALL, Role
from pkgci.model.site import Host, Site
from pkgci.model.urls import PATHS

# What is asked of Jenkins, and no more: anonymous users may read it.
_NODES = "computer[displayName,offline,offlineCauseReason,numExecutors,executors[idle]]"
_QUEUE = "items[why,task[name]]"


@dataclass(frozen=True)
class HostFacts:
    """How a host is. ``pages`` and ``gearman`` have what answered; ``gerrit`` counts connections to the code review.

    ``alerts`` are Zuul's own: what the review refuses to do for it; ``clock`` is what failed that a timer started.
    ``firewall`` is what is wrong with the packet filter that is loaded: see ``Firewall``.
    """

    run: Run | None
    release: str | None
    units: tuple[Unit, ...]
    disks: tuple[Disk, ...]
    certificate: str | None
    keys: tuple[SigningKey, ...]
    pages: Mapping[str, Page] = field(default_factory=dict)
    gearman: Mapping[str, str] = field(default_factory=dict)
    gerrit: int | None = None
    alerts: tuple[str, ...] = ()
    clock: tuple[str, ...] = ()
    firewall: Firewall = Firewall.WANTED
    now: datetime | None = None
    temporary: Temporary = field(default_factory=Temporary)


def units(site: Site, host: Host) -> tuple[str, ...]:
    """The units that must run on ``host``. Those of somebody else's manifests are not known."""
    if site.manifests is not None:
        return ()
    return tuple(dict.fromkeys((FIREWALL, *(unit for role in host.roles for unit in CATALOGUE[role].units))))


class Health:
    """The facts about one host at work."""

    def __init__(self, site: Site, host: Host) -> None:
        zuul, wanted = Role.ZUUL in host.roles, units(site, host)
        words = ("status", "workers") if zuul else ()
        port = site.gerrit.port if zuul and site.gerrit is not None else None
        self.services = Services(_pages(host), [Question(word, GEARMAN.number, word) for word in words])
        self.units = Units(wanted)
        self.firewall = OwnFirewall(asked=FIREWALL in wanted)
        self.disks = Disks(CATALOGUE[role].disk_path for role in host.roles)
        self.temporary = TemporaryFact()
        self.certificate = Certificate()
        self.keys = SourceKeys()
        self.link = ReviewLinkFact(port)
        self.run = LastRun()
        self.release = Release()
        self.now = Now()

    @property
    def facts(self) -> tuple[Fact[object], ...]:
        """All of them."""
        return tuple(vars(self).values())

    def read(self, answers: Answers) -> HostFacts:
        """What they say together."""
        said, link, now = self.services.read(answers), self.link.read(answers), self.now.read(answers)
        return HostFacts(
            run=self.run.read(answers),
            release=self.release.read(answers),
            units=self.units.read(answers),
            disks=self.disks.read(answers),
            certificate=self.certificate.read(answers),
            keys=self.keys.read(answers),
            pages=said.pages,
            gearman=said.gearman,
            gerrit=link.connections,
            alerts=link.alerts,
            clock=link.clock,
            firewall=self.firewall.read(answers),
            now=None if now is None else datetime.fromtimestamp(now, UTC),
            temporary=self.temporary.read(answers),
        )


def _pages(host: Host) -> list[Question]:
    pages: list[Question] = []
    if Role.ZUUL in host.roles:
        pages.append(Question("zuul", ZUUL_WEBAPP.number, "/status.json"))
    if Role.JENKINS_MASTER in host.roles:
        pages.append(Question("nodes", JENKINS_HTTP.number, _jenkins("computer", _NODES)))
        pages.append(Question("queue", JENKINS_HTTP.number, _jenkins("queue", _QUEUE)))
    if Role.REVIEW in host.roles:
        pages.append(Question("review", GERRIT_HTTP.number, "/config/server/version"))
        pages.append(Question("review-info", GERRIT_HTTP.number, "/config/server/info"))
    return pages


def _jenkins(item: str, tree: str) -> str:
    return f"{PATHS[Role.JENKINS_MASTER]}{item}/api/json?tree={quote(tree, safe=',')}"

"""What a host says of itself: the collector's answer, as data. ``collect.sh`` is what runs there. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from importlib import resources
from urllib.parse import quote

from pkgci.model.flows import GEARMAN, GERRIT_HTTP, JENKINS_HTTP, ZUUL_WEBAPP
from pkgci.model.roles import CATALOGUE, FIREWALL, Role
from pkgci.model.site import Host, Site
from pkgci.model.urls import PATHS
from pkgci.remote.collector import Answers, program

# What is asked of Jenkins, and no more: anonymous users may read it.
_NODES = "computer[displayName,offline,offlineCauseReason,numExecutors,executors[idle]]"
_QUEUE = "items[why,task[name]]"


@dataclass(frozen=True)
class Run:
    """The last run of Puppet that was meant to change something, and when it began.

    ``result``, ``code`` and ``status`` are how systemd saw it end, empty where it has not. ``counts`` are Puppet's.
    ``running``: it is under way.
    """

    id: str
    began: datetime | None
    operator: str
    result: str
    code: str
    status: str
    counts: Mapping[str, int]
    running: bool = False

    @property
    def ended(self) -> bool:
        return bool(self.result)

    @property
    def ok(self) -> bool:
        """Whether Puppet went through, and nothing failed (its detailed exit codes: 0 and 2)."""
        return self.code == "exited" and self.status in ("0", "2")


@dataclass(frozen=True)
class Unit:
    """A systemd unit: whether it is there at all, and the state it is in."""

    name: str
    loaded: bool
    state: str

    @property
    def up(self) -> bool:
        return self.state in ("active", "reloading")


@dataclass(frozen=True)
class Disk:
    """The file system in which ``path`` lies, and how many percent of it are used."""

    path: str
    mount: str
    percent: int


@dataclass(frozen=True)
class SigningKey:
    """A key of a package source; ``until`` is None for one that does not expire."""

    file: str
    until: datetime | None


class Firewall(StrEnum):
    """Which rules the kernel has: those that are wanted, others because those cannot be loaded, or none."""

    WANTED = "wanted"
    OTHERS = "others"
    NONE = "none"


@dataclass(frozen=True)
class Page:
    """What a service answered over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: str


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


def units(site: Site, host: Host) -> tuple[str, ...]:
    """The units that must run on ``host``. Those of somebody else's manifests are not known."""
    if site.manifests is not None:
        return ()
    return tuple(dict.fromkeys((FIREWALL, *(unit for role in host.roles for unit in CATALOGUE[role].units))))


def script(site: Site, host: Host) -> bytes:
    """The collector for ``host``: for the standard input of a shell."""
    zuul, jenkins = Role.ZUUL in host.roles, Role.JENKINS_MASTER in host.roles
    pages: list[str] = []
    if zuul:
        pages += ["zuul", str(ZUUL_WEBAPP.number), "/status.json"]
    if jenkins:
        pages += ["nodes", str(JENKINS_HTTP.number), _question("computer", _NODES)]
        pages += ["queue", str(JENKINS_HTTP.number), _question("queue", _QUEUE)]
    if Role.REVIEW in host.roles:
        pages += ["review", str(GERRIT_HTTP.number), "/config/server/version"]
        pages += ["review-info", str(GERRIT_HTTP.number), "/config/server/info"]
    settings = {
        "UNITS": units(site, host),
        "PATHS": dict.fromkeys(CATALOGUE[role].disk_path for role in host.roles),
        "PAGES": pages,
        "GEARMAN": [str(GEARMAN.number)] if zuul else [],
        "GERRIT": [str(site.gerrit.port)] if zuul and site.gerrit is not None else [],
    }
    return program(resources.files(__package__).joinpath("collect.sh").read_text(encoding="utf-8"), settings)


def _question(item: str, tree: str) -> str:
    return f"{PATHS[Role.JENKINS_MASTER]}{item}/api/json?tree={quote(tree, safe=',')}"


def parse(text: str) -> HostFacts:
    """What the collector printed. Raises ``ValueError`` where it did not come to its end."""
    found = Answers(text)
    answers = {name: _decoded(rest) for name, _, rest in (value.partition(" ") for value in found.all("page"))}
    gearman = {name: _decoded(rest) for name, _, rest in (value.partition(" ") for value in found.all("gearman"))}
    return HostFacts(
        run=_run(found) if found.one("run") else None,
        release=found.one("release") or None,
        units=tuple(_unit(value) for value in found.all("unit")),
        disks=tuple(_disk(value) for value in found.all("disk")),
        certificate=_decoded(found.one("certificate")) or None,
        keys=tuple(_key(value) for value in found.all("key")),
        pages={name: page for name, answer in answers.items() if (page := _page(answer)) is not None},
        # An answer that was cut off is none.
        gearman={name: said for name, said in gearman.items() if said.rstrip().endswith(".")},
        gerrit=int(found.one("gerrit")) if found.one("gerrit").isdecimal() else None,
        alerts=tuple(alert for value in found.all("alerts") for alert in _alerts(_decoded(value))),
        clock=tuple(alert for value in found.all("clock") for alert in _alerts(_decoded(value))),
        firewall=Firewall(found.one("firewall") or Firewall.WANTED),
        now=_moment(found.one("now")),
    )


def _run(found: Answers) -> Run:
    name = found.one("run")
    try:
        began: datetime | None = datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        began = None
    result, code, status = (*found.one("exit").split(), "", "", "")[:3]
    pairs = [count.split() for count in found.all("count")]
    counts = {key: int(value) for key, value in pairs if value.isdecimal()}
    return Run(name, began, found.one("operator"), result, code, status, counts, "running" in found)


def _unit(value: str) -> Unit:
    name, *rest = value.split()
    facts = dict(word.partition("=")[::2] for word in rest)
    return Unit(name, facts.get("LoadState") == "loaded", facts.get("ActiveState", "unknown"))


def _disk(value: str) -> Disk:
    path, percent, mount = value.split(maxsplit=2)
    used = percent.rstrip("%")
    return Disk(path, mount, int(used) if used.isdecimal() else 0)


def _key(value: str) -> SigningKey:
    until, _, file = value.partition(" ")
    return SigningKey(file, _moment(until))


def _alerts(text: str) -> list[str]:
    """What Zuul's file of alerts says (zuul_py3/alerts.py writes it)."""
    try:
        found = json.loads(text)
        return [str(found[key]["what"]) for key in sorted(found)]
    except (ValueError, LookupError, TypeError):
        return []


def _moment(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else None


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except binascii.Error:
        return ""


def _page(answer: str) -> Page | None:
    """An HTTP answer (RFC 9112, section 4), as far as it matters here; None where it is none."""
    head, _, body = answer.replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.split("\n")
    words = first.split()
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():
        return None
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Page(int(words[1]), headers, body)

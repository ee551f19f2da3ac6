"""Is the site as it should be? Pure: from what the hosts said to the whole picture, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pkgci.facts.firewalls import Firewall
from pkgci.facts.runs import Run
from pkgci.jobs.gearman import needed_functions
from pkgci.model.plural import counted
from pkgci.model.review import AUTH_TYPES
from pkgci.model.roles import SLAVES, Role
from pkgci.model.site import Host, Site
from pkgci.model.stand_ins import jenkins_is_stand_in, review_is_stand_in
from pkgci.model.steps import all_jobs
from pkgci.remote.errors import HostError, UnknownHostKeyError
from pkgci.secrets.certificates import expiry
from pkgci.secrets.openpgp import Subkey
from pkgci.status.collect import HostFacts
from pkgci.status.services import Gearman, Jenkins, Review, Zuul, gearman_of, jenkins_of, review_of, zuul_of

# What each host says, by name.
Answers = Mapping[str, HostFacts | HostError]

# `pkgci secrets init` renews what ends sooner.
EXPIRY = timedelta(days=30)
# A repository's key is rotated with an overlap of weeks, and the overlap ends some days before its old half does.
_ROTATE_BEFORE, _FINISH_BEFORE = timedelta(days=60), timedelta(days=7)
FULL = 90  # percent of a disk
# systemd's states of a unit that does not run, in words that follow its name.
_STATES = {"inactive": "does not run", "failed": "has failed", "activating": "is starting"}
_FIREWALL = {
    Firewall.OTHERS: "its firewall rules cannot be loaded: older ones, or none but the operator's SSH, are in force",
    Firewall.NONE: "no firewall rules are loaded: everybody reaches its services",
}


@dataclass(frozen=True)
class Problem:
    """Something that is not as declared: where, what, and what to type next."""

    where: str
    what: str
    next: str = ""


@dataclass(frozen=True)
class HostStatus:
    """One host: what it said, or why it did not; ``certificate`` is when its certificate ends."""

    host: Host
    facts: HostFacts | None
    error: HostError | None
    certificate: datetime | None


@dataclass(frozen=True)
class Status:
    """The whole picture. A service is None where it did not answer. ``stand_ins`` are named by what they stand for.

    ``signing`` has for each repository (release, review) the subkeys that sign its packages, oldest first.
    """

    site: Site
    now: datetime
    hosts: tuple[HostStatus, ...]
    authority: datetime | None
    signing: Mapping[str, tuple[Subkey, ...]]
    gearman: Gearman | None
    zuul: Zuul | None
    jenkins: Jenkins | None
    review: Review | None
    missing: tuple[str, ...]
    stand_ins: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def reached(self) -> bool:
        """Whether any host answered."""
        return any(status.facts is not None for status in self.hosts)


def judge(
    site: Site,
    answers: Answers,
    authority: str | None,
    now: datetime,
    signing: Mapping[str, tuple[Subkey, ...]],
) -> Status:
    """The status of ``site`` from its hosts' ``answers``. ``authority`` is the certificate of the site's CA.

    ``signing`` is as in ``Status``.
    """
    hosts = tuple(_host(host, answers[host.name]) for host in site.hosts)
    zuul_facts, jenkins_facts = _of(hosts, Role.ZUUL), _of(hosts, Role.JENKINS_MASTER)
    review_facts = _of(hosts, Role.REVIEW)
    gearman = gearman_of(zuul_facts) if zuul_facts else None
    zuul = zuul_of(zuul_facts) if zuul_facts else None
    jenkins = jenkins_of(jenkins_facts) if jenkins_facts else None
    missing: tuple[str, ...] = ()
    if gearman is not None:
        known = gearman.functions
        missing = tuple(
            name for name in needed_functions(all_jobs(site)) if name not in known or not known[name].workers
        )
    until = _expiry(authority)
    stands_in = jenkins.stand_in if jenkins is not None else jenkins_is_stand_in(site)
    names = (("Gerrit", review_is_stand_in(site)), ("Jenkins", stands_in))
    found = Status(
        site=site,
        now=now,
        hosts=hosts,
        authority=until,
        signing=signing,
        gearman=gearman,
        zuul=zuul,
        jenkins=jenkins,
        review=review_of(review_facts) if review_facts else None,
        missing=missing,
        stand_ins=tuple(name for name, stand_in in names if stand_in),
        problems=(),
    )
    return Status(**{**vars(found), "problems": tuple(_problems(found))})


def _host(host: Host, answer: HostFacts | HostError) -> HostStatus:
    if isinstance(answer, HostError):
        return HostStatus(host, None, answer, None)
    return HostStatus(host, answer, None, _expiry(answer.certificate))


def _expiry(pem: str | None) -> datetime | None:
    try:
        return expiry(pem) if pem else None
    except ValueError:
        return None


def _of(hosts: Iterable[HostStatus], role: Role) -> HostFacts | None:
    """What the host with this role said; None where it said nothing, or where nothing has been deployed to it yet."""
    found = next((status.facts for status in hosts if role in status.host.roles), None)
    return found if found is not None and found.release is not None else None


def _problems(status: Status) -> Iterator[Problem]:
    """All that is wrong, hosts first: without them the rest follows."""
    for one in status.hosts:
        if isinstance(one.error, UnknownHostKeyError):
            yield Problem(one.host.name, "not reached: its SSH host key is not known yet", "pkgci verify-servers")
        elif one.error is not None:
            yield Problem(one.host.name, f"not reached: {one.error.reason}", one.error.hint or "")
    bare = [one.host.name for one in status.hosts if one.facts is not None and one.facts.release is None]
    if bare:
        yield Problem(", ".join(bare), "nothing is deployed there yet", "pkgci deploy")
    for one in status.hosts:
        if one.facts is not None and one.facts.release is not None:
            yield from _of_host(one, one.facts, status.now, own=status.site.manifests is None)
    if status.authority is not None and status.authority - status.now < EXPIRY:
        yield Problem("the site's CA", _ends(status.authority, status.now), "pkgci secrets init, then pkgci bootstrap")
    for repository, subkeys in status.signing.items():
        yield from _of_key(f"{repository}-key", subkeys, status.now)
    yield from _of_zuul(status)
    yield from _of_jenkins(status)
    yield from _of_review(status)


def _of_host(one: HostStatus, facts: HostFacts, now: datetime, *, own: bool) -> Iterator[Problem]:
    """What is wrong on a host. ``own``: pkgci's own manifests are applied there, so that it is known what they make."""
    name, again = one.host.name, f"pkgci bootstrap --host {one.host.name}"
    if facts.run is not None and facts.run.running:
        # What is missing now may be there in a moment.
        yield Problem(name, f"a run of {facts.run.operator} is under way", "look again when it has ended")
        return
    if facts.run is not None and not facts.run.ok:
        yield Problem(name, f"the last run of Puppet {_failure(facts.run)}", again)
    missing = [unit.name for unit in facts.units if not unit.loaded]
    if missing:
        yield Problem(name, f"{_listed(missing)} not installed", again)
    for unit in facts.units:
        if unit.loaded and not unit.up:
            yield Problem(name, f"{unit.name} {_STATES.get(unit.state, f'is {unit.state}')}", again)
    if facts.firewall is not Firewall.WANTED:
        yield Problem(name, _FIREWALL[facts.firewall], again)
    for disk in {disk.mount: disk for disk in facts.disks}.values():
        if disk.percent > FULL:
            yield Problem(name, f"the disk with {disk.path} is {disk.percent} % full", "make room there")
    if facts.temporary.problem:
        yield Problem(name, facts.temporary.problem, facts.temporary.hint)
    if own and one.host.public and one.certificate is None:
        yield Problem(name, "there is no certificate", again)
    if one.certificate is not None and one.certificate - now < EXPIRY:
        yield Problem(name, f"its certificate {_ends(one.certificate, now)}", f"pkgci secrets init, then {again}")
    for key in facts.keys:
        if key.until is not None and key.until - now < EXPIRY:
            yield Problem(
                name, f"the signing key {key.file} {_ends(key.until, now)}", "a newer one is named in the site file"
            )


def _of_key(name: str, subkeys: tuple[Subkey, ...], now: datetime) -> Iterator[Problem]:
    """What is to be done about a repository's key: to rotate it, or to end a rotation, before what signs is too old."""
    oldest, newest = subkeys[0], subkeys[-1]
    step = f"pkgci secrets rotate {name}"
    if len(subkeys) > 1 and oldest.expires - now < _FINISH_BEFORE:
        yield Problem(f"the {name}", f"its old subkey {_ends(oldest.expires, now)}", f"{step} --finish")
    if newest.expires - now < min(_ROTATE_BEFORE, (newest.expires - newest.created) / 3):
        finish = f"{step} --finish, then " if len(subkeys) > 1 else ""
        yield Problem(f"the {name}", _ends(newest.expires, now), f"{finish}{step}, then pkgci bootstrap")


def _failure(run: Run) -> str:
    if not run.ended:
        return "broke off"
    if run.code != "exited":
        return f"was ended: {run.result}"
    failed = run.counts.get("failed", 0) + run.counts.get("failed_to_restart", 0)
    return f"failed: {counted(failed, 'resource')}" if failed else f"failed with exit status {run.status}"


def _ends(until: datetime, now: datetime) -> str:
    day = until.date().isoformat()
    return f"ended on {day}" if until <= now else f"ends on {day}"


def _of_zuul(status: Status) -> Iterator[Problem]:
    facts, hosts = _of(status.hosts, Role.ZUUL), status.site.with_role(Role.ZUUL)
    if facts is None or not hosts:
        return
    name, states = hosts[0].name, {unit.name: unit.up for unit in facts.units}
    if status.gearman is None and states.get("geard", True):
        yield Problem(name, "geard does not answer", f"systemctl restart geard, on {name}")
    if status.zuul is None and states.get("zuul-server", True):
        yield Problem(name, "Zuul does not answer", f"journalctl -u zuul-server, on {name}")
    if facts.gerrit == 0 and status.zuul is not None:
        yield Problem(name, "Zuul has no connection to Gerrit", f"journalctl -u zuul-server, on {name}")
    for alert in facts.alerts:
        yield Problem("Gerrit", alert, "pkgci verify-review")
    for failure in facts.clock:
        yield Problem("Zuul", failure, "look at its log; the next periodic build shows whether it is fixed")
    if status.missing:
        count = counted(len(status.missing), "function")
        # Without Jenkins there cannot be any: it is what is to be mended.
        step = "pkgci deploy-jobs" if status.jenkins is not None else ""
        yield Problem("Gearman", f"nobody offers {count} that jobs need: {_listed(status.missing, 2)}", step)


def _of_jenkins(status: Status) -> Iterator[Problem]:
    facts, hosts = _of(status.hosts, Role.JENKINS_MASTER), status.site.with_role(Role.JENKINS_MASTER)
    if facts is None or not hosts:
        return
    master = hosts[0].name
    if status.jenkins is None:
        if all(unit.up for unit in facts.units if unit.name == "jenkins"):
            yield Problem(master, "Jenkins does not answer", f"journalctl -u jenkins, on {master}")
        return
    nodes = {node.name: node for node in status.jenkins.nodes}
    for host in status.site.hosts:
        if set(SLAVES).isdisjoint(host.roles):
            continue
        if host.name not in nodes:
            yield Problem("Jenkins", f"there is no node {host.name}", "pkgci bootstrap --role jenkins_master")
        elif not nodes[host.name].online:
            reason = f": {nodes[host.name].reason}" if nodes[host.name].reason else ""
            yield Problem("Jenkins", f"the node {host.name} is offline{reason}", "pkgci verify-connectivity")


def _of_review(status: Status) -> Iterator[Problem]:
    facts, hosts = _of(status.hosts, Role.REVIEW), status.site.with_role(Role.REVIEW)
    if facts is None or not hosts:
        return
    if status.review is not None:
        declared = status.site.review_auth
        if status.review.auth is not None and declared and status.review.auth != AUTH_TYPES[declared]:
            what = f"accounts come from {status.review.auth}, and not from {AUTH_TYPES[declared]}"
            yield Problem("Gerrit", what, f"pkgci bootstrap --role {Role.REVIEW}")
    elif all(unit.up for unit in facts.units if unit.name == "gerrit"):
        yield Problem(hosts[0].name, "Gerrit does not answer", f"/srv/gerrit/logs/error_log, on {hosts[0].name}")


def _listed(names: Iterable[str], most: int = 4) -> str:
    told = list(names)
    more = f" and {len(told) - most} more" if len(told) > most else ""
    return ", ".join(told[:most]) + more


def days_left(until: datetime | None, now: datetime) -> int | None:
    """Whole days until ``until``."""
    return None if until is None else (until - now) // timedelta(days=1)


def units_of(one: HostStatus) -> Mapping[str, str]:
    """Unit → state, for a host that answered."""
    if one.facts is None:
        return {}
    return {unit.name: unit.state if unit.loaded else "not installed" for unit in one.facts.units}

"""Is what was delivered what was ordered? Pure: verdicts from data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from pkgci.facts.network import Listener
from pkgci.model.plural import counted
from pkgci.model.roles import SLAVES, Role
from pkgci.model.rules import listening
from pkgci.model.site import Host, Site
from pkgci.remote.errors import (
    AuthenticationError,
    ChangedHostKeyError,
    HostError,
    LoginShellError,
    SudoError,
    UnknownHostKeyError,
)
from pkgci.servers.accounts import accounts
from pkgci.servers.collect import Delivered, Obstacles
from pkgci.servers.order import SYSTEMS
from pkgci.servers.text import size

# What may be missing of the ordered memory: firmware, kernel and crash kernel keep some of what is built in.
MEMORY_TOLERANCE = 0.10
# What may be missing of the ordered disk: partition table, swap, boot partition, the file system's own tables.
DISK_TOLERANCE = 0.10
# How much of the ordered disk must be free on a host where nothing runs yet: the operating system has the rest.
FREE_WHEN_BARE = 0.75
# How much must be free once pkgci's services have filled their part.
FREE_WHEN_DEPLOYED = 0.05
# Without these controllers of control groups nothing keeps a build or a test to its limits, and none runs.
LIMITERS = ("memory", "pids")
# How far a host's clock may be from the operator's, in seconds: hosts that keep time are within hundredths.
CLOCK_TOLERANCE = 2.0


class Verdict(StrEnum):
    """Whether it is as ordered. What could not be found out is not proven, and therefore not as ordered either."""

    OK = "ok"
    SHORT = "short"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Clock:
    """How far the host's clock is ahead of the operator's, and half the round trip of the question, in seconds."""

    offset: float
    uncertainty: float


@dataclass(frozen=True)
class Finding:
    """One line of the comparison."""

    check: str
    ordered: str
    found: str
    verdict: Verdict


def judge(site: Site, host: Host, delivered: Delivered, clock: Clock) -> tuple[Finding, ...]:
    """``host`` as it was found against ``host`` as it was ordered."""
    return (
        _finding("reached", "SSH", _way(host), True),
        _finding("host key", "as recorded", "as recorded", True),
        _system(host, delivered),
        _finding("CPU", str(host.resources.cpu), str(delivered.system.cpu), delivered.system.cpu >= host.resources.cpu),
        _memory(host, delivered),
        *_disk(host, delivered),
        _temporary(delivered),
        *([_finding("KVM", "usable", delivered.kvm, delivered.kvm == "usable")] if host.needs_kvm else []),
        *_limits(host, delivered),
        _clock(clock),
        *_forward(host, delivered),
        *_reverse(host, delivered),
        _mirrors(delivered),
        *_ports(site, host, delivered),
        *([] if delivered.deployed else _obstacles(site, host, delivered.obstacles)),
    )


def judge_error(host: Host, error: HostError) -> tuple[Finding, ...]:
    """The comparison where the host could not be looked at."""
    if isinstance(error, ChangedHostKeyError | UnknownHostKeyError):
        return (_finding("host key", "as recorded", error.reason, False),)
    if isinstance(error, AuthenticationError):
        return (_finding("log in", host.ssh.user, error.reason, False),)
    if isinstance(error, LoginShellError):
        return (_finding("log in", f"a shell for {host.ssh.user}", error.reason, False),)
    if isinstance(error, SudoError):
        return (_finding("root", f"sudo for {host.ssh.user}", error.reason, False),)
    return (_finding("reached", "SSH", error.reason, False),)


def _finding(check: str, ordered: str, found: str, right: bool) -> Finding:
    return Finding(check, ordered, found, Verdict.OK if right else Verdict.SHORT)


def _way(host: Host) -> str:
    return f"as {host.ssh.user}" + (f" through {host.ssh.jump}" if host.ssh.jump else "")


def _system(host: Host, delivered: Delivered) -> Finding:
    right = delivered.system.os == host.os
    return _finding("system", SYSTEMS[host.os], SYSTEMS[host.os] if right else delivered.system.name, right)


def _memory(host: Host, delivered: Delivered) -> Finding:
    ordered = host.resources.memory_mb
    enough = delivered.system.memory_mb >= ordered * (1 - MEMORY_TOLERANCE)
    return _finding("RAM", size(ordered / 1000), _rounded(delivered.system.memory_mb / 1000), enough)


def _disk(host: Host, delivered: Delivered) -> tuple[Finding, ...]:
    """The file systems that hold the roles' paths, each once, together against the ordered total."""
    ordered = host.resources.disk_gb
    disks = {disk.mount: disk for disk in delivered.disks}
    total = sum(disk.size_gb for disk in disks.values())
    free = sum(disk.free_gb for disk in disks.values())
    share = FREE_WHEN_DEPLOYED if delivered.deployed else FREE_WHEN_BARE
    where = " + ".join(disks)
    return (
        _finding("disk", size(ordered), f"{_rounded(total)} on {where}", total >= ordered * (1 - DISK_TOLERANCE)),
        _finding("disk free", _rounded(ordered * share), f"{_rounded(free)} on {where}", free >= ordered * share),
    )


def _temporary(delivered: Delivered) -> Finding:
    """Package managers, Java and builds write and run there."""
    wrong = delivered.temporary.as_words
    return _finding("temporary files", "writable, programs run", wrong or "writable, programs run", not wrong)


def _limits(host: Host, delivered: Delivered) -> tuple[Finding, ...]:
    """What limits the builds and tests of a slave: systemd, with the kernel's controllers."""
    if not set(host.roles) & (set(SLAVES) - {Role.PUBLISHER}):
        return ()
    missing = [name for name in LIMITERS if name not in delivered.controllers]
    found = f"missing: {', '.join(missing)}" if missing else ", ".join(LIMITERS)
    return (_finding("control groups", ", ".join(LIMITERS), found, not missing),)


def _clock(clock: Clock) -> Finding:
    found = f"{clock.offset:+.2f} s ± {clock.uncertainty:.2f} s"
    right = abs(clock.offset) <= CLOCK_TOLERANCE + clock.uncertainty
    return _finding("clock", f"± {CLOCK_TOLERANCE:g} s", found, right)


def _forward(host: Host, delivered: Delivered) -> Iterable[Finding]:
    declared = {str(address) for address in host.addresses}
    for name in (host.fqdn, *host.aliases):
        found = delivered.forward.get(name, ())
        check = "DNS" if name == host.fqdn else f"DNS {name}"
        yield _finding(check, _listed(declared), _listed(found) or f"no record of {name}", set(found) == declared)


def _reverse(host: Host, delivered: Delivered) -> Iterable[Finding]:
    for address in map(str, host.addresses):
        names = [name for name in delivered.reverse if name.address == address]
        right = [name for name in names if name.name.rstrip(".").lower() == host.fqdn]
        if right:
            found = host.fqdn if any(name.dns for name in right) else f"{host.fqdn} (only /etc/hosts)"
        else:
            found = _listed({name.name for name in names}) or f"no record of {address}"
        check = "reverse DNS" if len(host.addresses) == 1 else f"reverse DNS {address}"
        yield _finding(check, host.fqdn, found, bool(right))


def _mirrors(delivered: Delivered) -> Finding:
    mirrors = delivered.mirrors
    if mirrors is None and delivered.temporary.problem:
        return Finding("mirrors", "reached", f"not asked: {delivered.temporary.problem}", Verdict.UNKNOWN)
    if mirrors is None:
        return Finding("mirrors", "reached", "no apt on the host to ask", Verdict.UNKNOWN)
    if not mirrors:
        return _finding("mirrors", "reached", "apt has no package sources", False)
    missed = [mirror.uri for mirror in mirrors if not mirror.reached]
    if missed:
        return _finding("mirrors", "reached", f"not reached: {_listed({_server(uri) for uri in missed})}", False)
    count = len(mirrors)
    return _finding("mirrors", "reached", f"{counted(count, 'source')} reached", True)


def _server(uri: str) -> str:
    return urlsplit(uri).netloc.rpartition("@")[2] or uri


def _ports(site: Site, host: Host, delivered: Delivered) -> Iterable[Finding]:
    """The ports that the roles will listen on. SSH's own has its server already: we came through it."""
    wanted = sorted(port for port in listening(site, host) if port != host.ssh.port)
    if not wanted:
        return
    taken = [listener for listener in delivered.listeners if listener.port in wanted]
    ordered = f"free: {', '.join(map(str, wanted))}"
    if not taken:
        yield _finding("ports", ordered, "free", True)
    elif delivered.deployed:
        # What listens there after a bootstrap is what pkgci put there; verify-connectivity says whether it is right.
        yield _finding("ports", ordered, f"pkgci's: {', '.join(str(item.port) for item in taken)}", True)
    else:
        yield _finding("ports", ordered, f"taken: {', '.join(_taken(item) for item in taken)}", False)


def _obstacles(site: Site, host: Host, found: Obstacles) -> Iterable[Finding]:
    """What a bare host has that stands in the way of what pkgci is about to set up."""
    yield _finding("firewall", "pkgci's alone", ", ".join(found.firewalls) or "none", not found.firewalls)
    ways = [f"{name}: {reason}" for name, reason in found.shut_out.items()]
    yield _finding("log in", "every account with a key", "; ".join(ways) or "as ordered", not ways)
    known = found.known
    # An administrator may well have an account already, and keeps it.
    people = {
        account.name for account in known.accounts if account.of_a_person and account.name in site.administrator_keys
    }
    there = [f"{item.name} (uid {item.uid}, {item.home})" for item in known.accounts if item.name not in people]
    names = {account.name for account in known.accounts}
    there += [f"the group {group}" for group in known.groups if group not in names]
    there += known.identities
    wanted = ", ".join(name for name in accounts(site, host).made if name not in people)
    yield _finding("accounts", f"not there yet: {wanted}", f"there: {', '.join(there)}" if there else "none", not there)


def _taken(listener: Listener) -> str:
    return f"{listener.port} by {listener.process}" if listener.process else str(listener.port)


def _listed(items: Iterable[str]) -> str:
    return ", ".join(sorted(items, key=_order))


def _order(item: str) -> tuple[int, int, str]:
    """Addresses by number, IPv4 first; anything else by its text."""
    try:
        address = ip_address(item)
    except ValueError:
        return (0, 0, item)
    return (address.version, int(address), "")


def _rounded(gigabytes: float) -> str:
    return size(float(f"{gigabytes:.3g}"))

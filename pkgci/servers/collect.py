"""What was found on a host: the collector's answer, as data. ``collect.sh`` is what runs there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources

from pkgci.model.roles import CATALOGUE, SUBORDINATE_IDS
from pkgci.model.site import Host, Site
from pkgci.remote.collector import Answers, program
from pkgci.servers.obstacles import Obstacles, accounts, obstacles


@dataclass(frozen=True)
class Disk:
    """The file system in which ``path`` lies: its mount point, its size and its free space in GB (powers of ten)."""

    path: str
    mount: str
    size_gb: float
    free_gb: float


@dataclass(frozen=True)
class Name:
    """What the host takes ``address`` for. ``dns`` is False where only its /etc/hosts says so."""

    address: str
    name: str
    dns: bool


@dataclass(frozen=True)
class Mirror:
    """One of the package sources that the host's apt is set up with."""

    uri: str
    reached: bool


@dataclass(frozen=True)
class Listener:
    """A TCP port that something listens on; ``process`` is empty where the host does not tell."""

    port: int
    process: str


@dataclass(frozen=True)
class Delivered:
    """What a host is. ``mirrors`` is None where it has no apt; ``deployed`` says that pkgci has been at work.

    ``controllers`` are those that systemd can limit control groups with.
    """

    os: str
    os_name: str
    cpu: int
    memory_mb: float
    disks: tuple[Disk, ...]
    kvm: str
    controllers: frozenset[str]
    forward: dict[str, tuple[str, ...]]
    reverse: tuple[Name, ...]
    mirrors: tuple[Mirror, ...] | None
    listeners: tuple[Listener, ...]
    deployed: bool
    obstacles: Obstacles = field(default_factory=Obstacles)


def script(site: Site, host: Host) -> bytes:
    """The collector for ``host``: for the standard input of a POSIX shell."""
    wanted = accounts(site, host)
    settings = {
        "NAMES": (host.fqdn, *host.aliases),
        "ADDRESSES": (str(address) for address in host.addresses),
        "PATHS": dict.fromkeys(CATALOGUE[role].disk_path for role in host.roles),
        "LOGINS": wanted.logins,
        "FROM": (str(site.access.management[0].network_address),),
        "ACCOUNTS": (*wanted.made, *wanted.groups),
        "FIRST_ID": (str(SUBORDINATE_IDS.start),),
    }
    return program(resources.files(__package__).joinpath("collect.sh").read_text(encoding="utf-8"), settings)


def parse(text: str) -> Delivered:
    """What the collector printed. Raises ``ValueError`` where it did not come to its end."""
    found = Answers(text)
    forward: dict[str, tuple[str, ...]] = {}
    for name, address in (value.split() for value in found.all("forward")):
        forward[name] = (*forward.get(name, ()), address)
    return Delivered(
        os=found.one("os"),
        os_name=found.one("os_name") or "unknown",
        cpu=int(found.one("cpu") or 0),
        memory_mb=int(found.one("memory_kb") or 0) * 1.024 / 1000,
        disks=tuple(_disk(value) for value in found.all("disk")),
        kvm=found.one("kvm"),
        controllers=frozenset(found.all("controller")),
        forward=forward,
        reverse=tuple(_name(value) for value in found.all("reverse")),
        mirrors=_mirrors(found.all("mirror")) if "mirrors" in found else None,
        listeners=_listeners(found.all("listen"), found.all("listen_hex")),
        deployed="deployed" in found,
        obstacles=obstacles(found),
    )


def _disk(value: str) -> Disk:
    path, size, free, mount = value.split(maxsplit=3)
    return Disk(path, mount, int(size) * 1.024e-6, int(free) * 1.024e-6)


def _name(value: str) -> Name:
    address, source, name = value.split()
    return Name(address, name, source == "dns")


def _mirrors(lines: Iterable[str]) -> tuple[Mirror, ...]:
    return tuple(Mirror(uri, verdict == "ok") for verdict, _, uri in (line.partition(" ") for line in sorted(lines)))


def _listeners(lines: Iterable[str], hexadecimal: Iterable[str]) -> tuple[Listener, ...]:
    """Each port once, from lines of ``ss`` or of /proc/net/tcp."""
    found: dict[int, str] = {}
    for line in lines:
        address, _, users = line.partition(" ")
        process = re.search(r'\(\("([^"]*)"', users)
        found[int(address.rpartition(":")[2])] = process[1] if process else ""
    for address in hexadecimal:
        found.setdefault(int(address.rpartition(":")[2], 16), "")
    return tuple(Listener(port, process) for port, process in sorted(found.items()))

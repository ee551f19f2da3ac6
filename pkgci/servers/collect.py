"""What is asked of a delivered host, and the answers as data. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from pkgci.facts.accounts import AccountsFact, Known, Logins
from pkgci.facts.disks import Disk, Disks, Temporary, TemporaryFact
from pkgci.facts.fact import Answers, Fact
from pkgci.facts.firewalls import Firewalls
from pkgci.facts.network import Forward, Listener, Listeners, Mirror, Mirrors, Name, Reverse
from pkgci.facts.runs import Release
from pkgci.facts.system import Controllers, Kvm, System, SystemFact
from pkgci.model.roles import CATALOGUE
from pkgci.model.site import Host, Site
from pkgci.servers.accounts import accounts


@dataclass(frozen=True)
class Obstacles:
    """What somebody else set up on a bare host that stands in pkgci's way.

    ``firewalls``: programs and tables that filter. ``shut_out``: account → why sshd does not let it in.
    """

    firewalls: tuple[str, ...] = ()
    shut_out: dict[str, str] = field(default_factory=dict)
    known: Known = field(default_factory=Known)


@dataclass(frozen=True)
class Delivered:
    """What a host is. ``mirrors`` is None where they could not be asked; ``deployed``: pkgci has been at work.

    ``controllers`` are those that systemd can limit control groups with.
    """

    system: System
    disks: tuple[Disk, ...]
    kvm: str
    controllers: frozenset[str]
    forward: dict[str, tuple[str, ...]]
    reverse: tuple[Name, ...]
    mirrors: tuple[Mirror, ...] | None
    listeners: tuple[Listener, ...]
    deployed: bool
    temporary: Temporary = field(default_factory=Temporary)
    obstacles: Obstacles = field(default_factory=Obstacles)


class Delivery:
    """The facts about one delivered host."""

    def __init__(self, site: Site, host: Host) -> None:
        wanted = accounts(site, host)
        self.system = SystemFact()
        self.disks = Disks(CATALOGUE[role].disk_path for role in host.roles)
        self.temporary = TemporaryFact()
        self.kvm = Kvm()
        self.controllers = Controllers()
        self.forward = Forward((host.fqdn, *host.aliases))
        self.reverse = Reverse(str(address) for address in host.addresses)
        self.mirrors = Mirrors()
        self.listeners = Listeners()
        self.firewalls = Firewalls()
        self.logins = Logins(wanted.logins, str(site.access.management[0].network_address))
        self.accounts = AccountsFact((*wanted.made, *wanted.groups))
        self.release = Release()

    @property
    def facts(self) -> tuple[Fact[object], ...]:
        """All of them."""
        return tuple(vars(self).values())

    def read(self, answers: Answers) -> Delivered:
        """What they say together."""
        return Delivered(
            system=self.system.read(answers),
            disks=self.disks.read(answers),
            kvm=self.kvm.read(answers),
            controllers=self.controllers.read(answers),
            forward=self.forward.read(answers),
            reverse=self.reverse.read(answers),
            mirrors=self.mirrors.read(answers),
            listeners=self.listeners.read(answers),
            deployed=self.release.read(answers) is not None,
            temporary=self.temporary.read(answers),
            obstacles=Obstacles(self.firewalls.read(answers), self.logins.read(answers), self.accounts.read(answers)),
        )

"""Which hosts and roles have left the site file, and what that means for a bootstrap. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pkgci.errors import UsageError
from pkgci.leavers.memory import Remembered
from pkgci.model.roles import CATALOGUE, Role
from pkgci.model.site import Host, Site

# Two of them speak for one site at the same time: what they say contradicts itself.
_SPEAKS = Role.ZUUL


@dataclass(frozen=True)
class Leaving:
    """``hosts`` have left the site file. ``roles`` have left hosts that are still in it: host → its former roles."""

    hosts: tuple[Remembered, ...]
    roles: Mapping[str, tuple[Role, ...]]


def leaving(site: Site, known: Mapping[str, Remembered]) -> Leaving:
    """What has left ``site`` since its hosts were as ``known``."""
    names = {host.name for host in site.hosts}
    lost = {
        host.name: tuple(role for role in known[host.name].roles if role not in host.roles)
        for host in site.hosts
        if host.name in known
    }
    return Leaving(
        tuple(host for name, host in known.items() if name not in names),
        {name: roles for name, roles in lost.items() if roles},
    )


@dataclass(frozen=True)
class Leftover:
    """What has left ``host``, in words, and the command that takes it away."""

    host: str
    what: str
    next: str

    def __str__(self) -> str:
        return f"{self.host} {self.what}: `{self.next}` takes that away"


def leftovers(site: Site, left: Leaving) -> tuple[Leftover, ...]:
    """What has left ``site`` and is still there, one for each host."""
    hosts = [
        Leftover(
            host.name,
            f"was bootstrapped as {_words(host.roles)}, and is no longer in {site.path.name}",
            f"pkgci retire {host.name}",
        )
        for host in left.hosts
    ]
    roles = [
        Leftover(
            name, f"is no longer {_words(lost)}, and still has what that brought", f"pkgci bootstrap --host {name}"
        )
        for name, lost in left.roles.items()
    ]
    return (*hosts, *roles)


def _words(roles: Iterable[Role]) -> str:
    return ", ".join(roles) or "a host without a role"


def in_order(hosts: Iterable[Host], left: Leaving) -> tuple[tuple[Host, ...], tuple[Host, ...]]:
    """``hosts`` in two parts: those that roles leave come first, so that nothing runs twice where a role moves."""
    hosts = tuple(hosts)
    return (
        tuple(host for host in hosts if host.name in left.roles),
        tuple(host for host in hosts if host.name not in left.roles),
    )


def former_speakers(left: Leaving) -> tuple[str, ...]:
    """The hosts that may still run a Zuul which the site file no longer has there."""
    return (
        *(host.name for host in left.hosts if _SPEAKS in host.roles),
        *(name for name, roles in left.roles.items() if _SPEAKS in roles),
    )


def speaks(host: Host) -> bool:
    """Whether ``host`` runs what must not run twice."""
    return _SPEAKS in host.roles


def check_alone(site: Site, left: Leaving, selected: Iterable[Host]) -> None:
    """Raises ``UsageError`` where Zuul would be started on one of ``selected`` beside an older one elsewhere."""
    selected = tuple(selected)
    names = {host.name for host in selected}
    if not any(speaks(host) for host in selected):
        return
    gone = {host.name for host in left.hosts}
    for name in former_speakers(left):
        if name in gone:
            raise UsageError(
                f"{name} is no longer in {site.path}, and may still run {_title()}: two would vote on every change",
                f"`pkgci retire {name}`, or where that machine is gone for good `pkgci retire {name} --lost`",
            )
        if name not in names:
            more = " ".join(f"--host {one}" for one in (name, *sorted(names)))
            raise UsageError(
                f"{name} may still run {_title()}: two would vote on every change", f"pkgci bootstrap {more}"
            )


def _title() -> str:
    return CATALOGUE[_SPEAKS].title.partition(":")[0]

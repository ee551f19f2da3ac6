"""The lab's extra machine that has the stand-ins: whether there is one, its address and its names."""

from __future__ import annotations

from ipaddress import IPv4Network

from pkgci.errors import UsageError
from pkgci.lab.keys import key_file
from pkgci.model.flows import SSH
from pkgci.model.lab import STAND_INS
from pkgci.model.roles import Kind, OperatingSystem, Resources
from pkgci.model.site import Host, Site, Ssh
from pkgci.model.stand_ins import jenkins_is_stand_in, review_is_stand_in, stand_ins_name

# Its address is the highest one below this that no host has.
_HIGHEST = 250


def stand_ins_host(site: Site) -> Host | None:
    """The machine as a host of the lab, or None where the site has the real Gerrit and the real Jenkins.

    The site's hosts have IPv4 addresses in one /24. Raises ``UsageError`` where a host has the machine's name.
    """
    if not (review_is_stand_in(site) or jenkins_is_stand_in(site)):
        return None
    for host in site.hosts:
        if host.name == STAND_INS:
            raise UsageError(
                f"host '{STAND_INS}' of {site.path}: the name is that of the lab's own machine",
                "give the host another name; its DNS name can stay (`dns:`)",
            )
    declared = (*site.hosts, *([site.outside] if site.outside else []))
    taken = {host.address for host in declared}
    network = IPv4Network((declared[0].address, 24), strict=False)
    address = next(network[last] for last in range(_HIGHEST, 1, -1) if str(network[last]) not in taken)
    return Host(
        name=STAND_INS,
        roles=(),
        addresses=(address,),
        fqdn=stand_ins_name(site),
        aliases=(site.gerrit.host,) if site.gerrit and review_is_stand_in(site) else (),
        os=OperatingSystem.DEBIAN_13,
        kind=Kind.VM,
        ssh=Ssh(user="root", port=SSH.number, key=key_file(site), jump=None, sudo=False),
        resources=Resources(1, 0, 0),
    )


def stands_in_for(site: Site) -> tuple[str, ...]:
    """What the lab stands in for, by name."""
    return (*(("Gerrit",) if review_is_stand_in(site) else ()), *(("Jenkins",) if jenkins_is_stand_in(site) else ()))

"""What must hold before anything is sent: the firewall lets us in again, and there is room to write."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from pkgci.model.flows import SSH
from pkgci.model.rules import inbound
from pkgci.model.site import Host, Site
from pkgci.puppetrun.host_state import HostState
from pkgci.puppetrun.plan import ROOT
from pkgci.remote.errors import HostError


def check_way_in(site: Site, host: Host, client: str) -> None:
    """Raises ``HostError`` where the firewall of ``host`` would not let ``client``, our address there, reach SSH."""
    try:
        address = ip_address(client)
    except ValueError:
        raise HostError(host.name, "cannot see from which address it is reached, so it might lock us out") from None
    address = getattr(address, "ipv4_mapped", None) or address
    for rule in inbound(site, host):
        if rule.port is SSH and any(address in ip_network(network) for network in rule.networks):
            return
    networks = ", ".join([*(str(network) for network in site.access.management), f"{address}/{address.max_prefixlen}"])
    raise HostError(
        host.name,
        f"its firewall would lock us out: we come from {address}, which may not reach its SSH port",
        f"in {site.path}, under `access:`, write `management: [{networks}]`",
    )


# A release has so many files at most.
_SPARE_INODES = 2000
_MAKE_ROOM = f"make room there (`df -h {ROOT}`, `journalctl --vacuum-size=100M`, `apt-get clean`), then run it again"


def check_ground(host: Host, state: HostState, needed_kb: int) -> None:
    """Raises ``HostError`` where ``host`` has no room for a release, or Puppet and apt would have none for their own
    files. Each lack is told as what it is."""
    room = state.room
    if room.problem and "No space left" not in room.problem:
        raise HostError(host.name, f"nothing can be written to {ROOT}: {room.problem}", f"`findmnt -T {ROOT}` there")
    if room.free_inodes is not None and room.free_inodes < _SPARE_INODES:
        raise HostError(
            host.name,
            f"the disk has too few inodes: {room.free_inodes} are free in {ROOT}, {_SPARE_INODES} are needed",
            f"remove files there (`df -i {ROOT}`, `du --inodes -xd2 / | sort -n | tail`), then run it again",
        )
    if room.free_kb is None:
        raise HostError(host.name, f"does not tell how much room there is in {ROOT}", f"`df -Pk {ROOT}` there")
    if room.free_kb < needed_kb:
        raise HostError(
            host.name,
            f"the disk is full: {room.free_kb // 1024} MB are free in {ROOT}, {needed_kb // 1024} MB are needed",
            _MAKE_ROOM,
        )
    if room.problem:
        raise HostError(host.name, f"nothing can be written to {ROOT}: {room.problem}", _MAKE_ROOM)
    temporary = state.temporary
    if temporary.problem:
        reason = f"{temporary.problem}, and apt and Puppet need it"
        raise HostError(host.name, reason, f"{temporary.hint}; then run it again")

"""The firewall that is about to be applied must let us in again."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from pkgci.model.flows import SSH
from pkgci.model.rules import inbound
from pkgci.model.site import Host, Site
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

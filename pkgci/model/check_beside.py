"""What must be true of a host that runs jobs: anybody may have written what runs in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pkgci.model.document import Document, Fault
from pkgci.model.roles import SLAVES, Role

# The roles whose jobs run code of changes. The publisher's do not.
RUN_CHANGES = (Role.SLAVE_BUILD, Role.SLAVE_INSTALL, Role.SLAVE_SYSTEST)
# Role → what is lost with its host. Neither the log server nor monitoring decides anything, or has a key that others
# trust: what strangers wrote is on them anyway.
AT_STAKE: dict[Role, str] = {
    Role.ZUUL: "what is merged and built",
    Role.JENKINS_MASTER: "the ways into every slave",
    Role.PUBLISHER: "the keys that sign packages",
    Role.REVIEW: "every repository, and who may merge",
}


def check_beside(document: Document, hosts: dict[str, Any]) -> Iterator[Fault]:
    """Code of changes runs on hosts of its own, but where the site says that it accepts what that means."""
    for name, entry in hosts.items():
        several = entry.get("roles")
        roles = [entry.get("role"), *(several if isinstance(several, list) else [])]
        accepted = entry.get("jobs_beside")
        accepted = accepted if isinstance(accepted, list) else []
        if name in SLAVES and name not in roles and any(role in roles for role in SLAVES):
            place = document.position(("hosts", name), key=True)
            yield Fault(
                place,
                f"host '{name}' cannot run jobs under this name: Jenkins takes a slave's name for one of its labels, "
                f"and would start the jobs of the role {name} here, too",
            )
        running = [role for role in RUN_CHANGES if role in roles]
        beside = [role for role in AT_STAKE if role in roles] if running else []
        if missing := [role for role in beside if role not in accepted]:
            place = document.position(("hosts", name), key=True)
            lost = "; ".join(f"{role}: {AT_STAKE[role]}" for role in missing)
            yield Fault(
                place,
                f"host '{name}' has {', '.join(running)} beside {', '.join(missing)}: who breaks out of a job there "
                f"has all of it ({lost}). Give {'them' if len(running) > 1 else 'it'} a host of "
                f"{'their' if len(running) > 1 else 'its'} own, or accept that with "
                f"`jobs_beside: [{', '.join(beside)}]` at this host",
            )
        for index, role in enumerate(accepted):
            if isinstance(role, str) and role in set(Role) and role not in beside:
                place = document.position(("hosts", name, "jobs_beside", index))
                yield Fault(place, f"host '{name}' has no jobs of changes beside the role '{role}': leave it out")

"""The flows: every permitted connection, declared once.

``FLOWS`` says who may connect to whom, on which port, and why. From it are made the firewall rules in Hiera, the rows
of the connectivity matrix, the edges of the topology picture and the ports on the order sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache

from pkgci.model.roles import CATALOGUE, SLAVES, Role


class Check(StrEnum):
    """How a port proves that what answers is what it should be, beyond the TCP handshake."""

    TCP = "tcp"
    SSH = "ssh"
    HTTP = "http"
    HTTPS = "https"
    GEARMAN = "gearman"


class Protocol(StrEnum):
    """The transport of a port."""

    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True)
class Port:
    """A service's port. ``number`` is the default: SSH's is a setting of each host (``ssh.port``)."""

    name: str
    number: int
    check: Check = Check.TCP
    protocol: Protocol = Protocol.TCP


class Place(Enum):
    """Ends of a flow that are not roles. No text equals one of them: a host may be called `world`."""

    WORLD = "world"
    MANAGEMENT = "management"
    EVERY_HOST = "every_host"
    GERRIT = "gerrit"
    DIRECTORY = "directory"
    IDENTITY_PROVIDER = "identity_provider"
    MAIL_SERVER = "mail_server"
    MIRRORS = "mirrors"
    RESOLVERS = "resolvers"
    TIME_SERVERS = "time_servers"
    MAIL_RELAY = "mail_relay"


End = Role | Place

SSH = Port("ssh", 22, Check.SSH)
HTTP = Port("http", 80, Check.HTTP)
HTTPS = Port("https", 443, Check.HTTPS)
GEARMAN = Port("gearman", 4730, Check.GEARMAN)
METRICS = Port("metrics", 9100, Check.HTTP)
GERRIT_SSH = Port("gerrit-ssh", 29418, Check.SSH)
ZUUL_WEBAPP = Port("zuul-webapp", 8001, Check.HTTP)
JENKINS_HTTP = Port("jenkins-http", 8080, Check.HTTP)
GERRIT_HTTP = Port("gerrit-http", 8081, Check.HTTP)
LDAP = Port("ldap", 389)
LDAPS = Port("ldaps", 636)
DNS = Port("dns", 53, protocol=Protocol.UDP)
NTP = Port("ntp", 123, protocol=Protocol.UDP)
SMTP = Port("smtp", 25)
SUBMISSION = Port("submission", 587)

# Role → ports that its services have on their own host only, behind its web server: nobody else reaches them.
LOCAL_PORTS: dict[Role, tuple[Port, ...]] = {
    Role.ZUUL: (ZUUL_WEBAPP,),
    Role.JENKINS_MASTER: (JENKINS_HTTP,),
    Role.REVIEW: (GERRIT_HTTP,),
}

# Ends that no role of this site runs on: flows to them stand on the order sheet, not in our hosts' firewalls.
EXTERNAL = frozenset(Place) - {Place.MANAGEMENT, Place.EVERY_HOST}


@dataclass(frozen=True)
class Flow:
    """One permitted connection: from whom, to whom, on which port, and why."""

    source: End
    target: End
    port: Port
    why: str


def _public() -> tuple[Role, ...]:
    return tuple(role for role, spec in CATALOGUE.items() if spec.public)


# Zuul itself asks Gerrit over SSH only; labels and submit types are shown on pages alone.
_REVIEW_PAGES = "what `pkgci verify-review` compares: labels and submit types of the code review"

# Where changes are built and tested.
_TESTING = tuple(role for role in SLAVES if role is not Role.PUBLISHER)

FLOWS: tuple[Flow, ...] = (
    Flow(Place.MANAGEMENT, Place.EVERY_HOST, SSH, "management"),
    *(Flow(Role.JENKINS_MASTER, slave, SSH, "the Jenkins master starts its agents") for slave in SLAVES),
    Flow(Role.JENKINS_MASTER, Role.ZUUL, GEARMAN, "Jenkins takes jobs from Zuul"),
    *(Flow(Place.WORLD, role, HTTPS, "public web interface") for role in _public()),
    *(Flow(Place.WORLD, role, HTTP, "redirect to HTTPS") for role in _public()),
    Flow(Place.WORLD, Role.REVIEW, GERRIT_SSH, "changes are pushed, git is read"),
    Flow(Role.ZUUL, Role.REVIEW, GERRIT_SSH, "events, votes and git of the code review"),
    Flow(Role.ZUUL, Role.REVIEW, HTTPS, _REVIEW_PAGES),
    *(Flow(slave, Role.ZUUL, HTTPS, "merged refs of the change under test") for slave in _TESTING),
    Flow(Role.PUBLISHER, Role.ZUUL, HTTPS, "what is merged, and what passed the gate, in Zuul's own word"),
    *(Flow(slave, Role.PUBLISHER, HTTPS, "packages of the change under test") for slave in _TESTING),
    Flow(Role.PUBLISHER, Role.SLAVE_BUILD, SSH, "the publisher fetches built packages"),
    *(Flow(role, Role.LOG_SERVER, SSH, "logs and artifacts of jobs") for role in (Role.JENKINS_MASTER, *SLAVES)),
    Flow(Role.ZUUL, Role.LOG_SERVER, HTTPS, "why jobs failed"),
    Flow(Role.MONITORING, Place.EVERY_HOST, METRICS, "metrics"),
    Flow(Role.ZUUL, Place.GERRIT, GERRIT_SSH, "events, votes and git of the code review"),
    Flow(Role.ZUUL, Place.GERRIT, HTTPS, _REVIEW_PAGES),
    Flow(Role.REVIEW, Place.DIRECTORY, LDAP, "accounts of the code review"),
    Flow(Role.REVIEW, Place.DIRECTORY, LDAPS, "accounts of the code review"),
    Flow(Role.REVIEW, Place.IDENTITY_PROVIDER, HTTPS, "accounts of the code review"),
    Flow(Role.REVIEW, Place.MAIL_SERVER, SUBMISSION, "mail of the code review"),
    Flow(Place.EVERY_HOST, Place.MIRRORS, HTTP, "operating system packages"),
    Flow(Place.EVERY_HOST, Place.MIRRORS, HTTPS, "operating system packages"),
    Flow(Place.EVERY_HOST, Place.RESOLVERS, DNS, "name resolution"),
    Flow(Place.EVERY_HOST, Place.TIME_SERVERS, NTP, "time"),
    Flow(Place.EVERY_HOST, Place.MAIL_RELAY, SMTP, "mail to the administrators"),
)


@cache
def flows_to(roles: frozenset[Role]) -> tuple[Flow, ...]:
    """The flows that end at a host with these roles, in catalogue order."""
    return tuple(flow for flow in FLOWS if flow.target is Place.EVERY_HOST or flow.target in roles)


@cache
def flows_from(roles: frozenset[Role]) -> tuple[Flow, ...]:
    """The flows that start at a host with these roles, in catalogue order."""
    return tuple(flow for flow in FLOWS if flow.source is Place.EVERY_HOST or flow.source in roles)

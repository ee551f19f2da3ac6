"""The role catalogue: what each role is, what it needs, and where it can run.

Resources are the specification's table (reference: "The specification, item by item"). The firewall, the order sheet,
the connectivity matrix and the topology picture are all made from this file and ``flows.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a host is for. The names are the specification's."""

    ZUUL = "zuul"
    JENKINS_MASTER = "jenkins_master"
    PUBLISHER = "publisher"
    SLAVE_BUILD = "slave_build"
    SLAVE_INSTALL = "slave_install"
    SLAVE_SYSTEST = "slave_systest"
    LOG_SERVER = "log_server"
    MONITORING = "monitoring"
    REVIEW = "review"


class Kind(StrEnum):
    """What a host is made of."""

    VM = "vm"
    HARDWARE = "hardware"


class OperatingSystem(StrEnum):
    """The operating systems that the manifests support."""

    DEBIAN_12 = "debian-12"
    DEBIAN_13 = "debian-13"
    UBUNTU_22_04 = "ubuntu-22.04"
    UBUNTU_24_04 = "ubuntu-24.04"


@dataclass(frozen=True)
class Resources:
    """What a host must have: CPU cores, memory in MB and disk in GB (powers of ten)."""

    cpu: int
    memory_mb: int
    disk_gb: int

    def __add__(self, other: Resources) -> Resources:
        return Resources(self.cpu + other.cpu, self.memory_mb + other.memory_mb, self.disk_gb + other.disk_gb)


@dataclass(frozen=True)
class RoleSpec:
    """One row of the catalogue.

    ``public`` roles have an address and a DNS name that the world reaches. ``mandatory`` roles must stand on at least
    one host of a site. ``single`` roles stand on one host at most. ``disk_path`` is where the role needs its disk.
    ``units`` are the systemd units that must be running; of a timer, its service must not have failed either.
    ``accounts`` are those that the role makes, but for the one that runs jobs; those in ``LOGINS`` are reached by SSH.
    ``groups`` are those of its groups that are no account's own.
    """

    role: Role
    title: str
    kind: Kind
    resources: Resources
    public: bool
    mandatory: bool
    single: bool
    disk_path: str
    units: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    systems: frozenset[OperatingSystem] = frozenset(OperatingSystem)
    needs_kvm: bool = False


# Java 21, which Jenkins and its agents need, is in Debian 13 and Ubuntu 22.04/24.04 but not in Debian 12
# (reference: jenkins, "Installation").
WITH_JAVA_21 = frozenset(OperatingSystem) - {OperatingSystem.DEBIAN_12}
# The unit of every host: its packet filter.
FIREWALL = "pkgci-firewall"
# Removes old workspaces of jobs.
_CLEAN_UP = "clean-workspaces.timer"
# Removes what nobody needs any more: of what is released, of reviews, and of the gate's runs.
_PRUNE = ("pkgci-prune.timer", "pkgci-prune-review.timer", "pkgci-prune-gate.timer")

CATALOGUE: dict[Role, RoleSpec] = {
    spec.role: spec
    for spec in (
        RoleSpec(
            Role.ZUUL,
            "Zuul: gates changes and starts jobs",
            Kind.VM,
            Resources(cpu=2, memory_mb=4000, disk_gb=100),
            public=True,
            mandatory=True,
            single=True,
            disk_path="/var/lib",
            units=("zuul-server", "zuul-merger", "zuul-queue", "geard", "apache2", "clear-zuul-refs.timer"),
            accounts=("zuul", "geard"),
        ),
        RoleSpec(
            Role.JENKINS_MASTER,
            "Jenkins master: runs jobs on the slaves",
            Kind.VM,
            Resources(cpu=2, memory_mb=4000, disk_gb=100),
            public=True,
            mandatory=True,
            single=True,
            disk_path="/var/lib",
            units=("jenkins", "apache2"),
            accounts=("jenkins",),
            systems=WITH_JAVA_21,
        ),
        RoleSpec(
            Role.PUBLISHER,
            "Publisher: signs and publishes packages",
            Kind.VM,
            Resources(cpu=2, memory_mb=2000, disk_gb=500),
            public=True,
            mandatory=True,
            single=True,
            disk_path="/srv",
            units=("apache2", "pkgci-signer.socket", *_PRUNE, _CLEAN_UP),
            accounts=("publisher", "pkgci-review", "pkgci-gate", "pkgci-signer"),
            groups=("pkgci-publishing",),
            systems=WITH_JAVA_21,
        ),
        RoleSpec(
            Role.SLAVE_BUILD,
            "Build slave: builds packages",
            Kind.HARDWARE,
            Resources(cpu=8, memory_mb=32000, disk_gb=50),
            public=False,
            mandatory=True,
            single=False,
            disk_path="/srv",
            units=("pkgci-chroots@build.timer", _CLEAN_UP),
            accounts=("fetch", "pkgci-fetch"),
            systems=WITH_JAVA_21,
        ),
        RoleSpec(
            Role.SLAVE_INSTALL,
            "Install slave: installs packages in fresh systems",
            Kind.HARDWARE,
            Resources(cpu=8, memory_mb=32000, disk_gb=20),
            public=False,
            mandatory=True,
            single=False,
            disk_path="/srv",
            units=("pkgci-chroots@test.timer", _CLEAN_UP),
            systems=WITH_JAVA_21,
        ),
        RoleSpec(
            Role.SLAVE_SYSTEST,
            "System test slave: boots systems with the packages",
            Kind.HARDWARE,
            Resources(cpu=8, memory_mb=32000, disk_gb=1500),
            public=False,
            mandatory=True,
            single=False,
            disk_path="/srv",
            units=("pkgci-chroots@system.timer", _CLEAN_UP),
            systems=WITH_JAVA_21,
            needs_kvm=True,
        ),
        RoleSpec(
            Role.LOG_SERVER,
            "Log server: keeps and shows logs and artifacts",
            Kind.VM,
            Resources(cpu=1, memory_mb=1000, disk_gb=100),
            public=True,
            mandatory=True,
            single=True,
            disk_path="/srv",
            units=("apache2", "prune-logs.timer"),
            accounts=("logs",),
        ),
        RoleSpec(
            Role.MONITORING,
            "Monitoring: collects metrics of every host",
            Kind.VM,
            # The specification names monitoring without figures: these hold 15 days of node metrics of 20 hosts.
            Resources(cpu=1, memory_mb=2000, disk_gb=20),
            public=False,
            mandatory=False,
            single=True,
            disk_path="/var/lib",
            units=("prometheus",),
        ),
        RoleSpec(
            Role.REVIEW,
            "Review: Gerrit, where changes are reviewed",
            Kind.VM,
            # Gerrit's heap and caches, its Lucene index, and packaging repositories of some years.
            Resources(cpu=2, memory_mb=4000, disk_gb=100),
            public=True,
            mandatory=False,
            single=True,
            disk_path="/srv",
            units=("gerrit", "apache2", "gerrit-gc.timer", "gerrit-index.timer"),
            accounts=("gerrit",),
        ),
    )
}

# The machines on which the Jenkins master runs jobs over SSH. The publisher is one too: it runs the publishing jobs.
SLAVES = (Role.PUBLISHER, Role.SLAVE_BUILD, Role.SLAVE_INSTALL, Role.SLAVE_SYSTEST)

# The accounts of roles that other hosts of the site log in to; so they do to the one that runs jobs.
LOGINS = ("fetch", "logs")
# Who is in this group has no SSH keys but those that pkgci gives.
KEYS_GROUP = "pkgci-keys"
# The identities that builds and tests have as their own, in user namespaces: above those of people and of
# systemd-nspawn.
SUBORDINATE_IDS = range(1_900_000_000, 1_900_065_536)

# Where an agent works on a slave (Jenkins' remoteFS), which is the home of its account.
AGENT_HOME = "/srv/jenkins"

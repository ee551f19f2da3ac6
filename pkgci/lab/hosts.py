"""One host of the lab: what its container is made with, and what is put into it before its first boot."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import docker
from docker.types import EndpointConfig

from pkgci.lab.engine import LABEL, CgroupVersion, refusals
from pkgci.lab.image import tar_of
from pkgci.lab.network import lab_hosts, network_name
from pkgci.model.lab import STAND_INS
from pkgci.model.site import Host, Site

HOST_LABEL = "pkgci.lab.host"
MADE_OF_LABEL = "pkgci.lab.made-of"
IMAGE_OF_LABEL = "pkgci.lab.made-with-image"
SITE_LABEL = "pkgci.lab.site"

# What systemd, sshd, a firewall, sbuild and mock need as root of a container; never --privileged.
CAPABILITIES = (
    *("CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "SETFCAP"),
    *("NET_BIND_SERVICE", "NET_ADMIN", "NET_RAW", "SYS_CHROOT", "SYS_ADMIN", "SYS_PTRACE", "SYS_NICE", "SYS_BOOT"),
    *("MKNOD", "AUDIT_WRITE"),
)

_SYSTEMD = "/lib/systemd/systemd"
# What a host keeps there lies on a disk, as on a machine: an overlay's upper layer cannot lie on another overlay, which
# is what a container's own file system is. The volume has no name, and goes with the container.
DISK = "/srv"


@dataclass(frozen=True)
class Blueprint:
    """Everything a host's container is made of. ``neighbours`` are DNS name → address of all the lab's hosts,
    ``volumes`` pairs of a volume's name and where it is mounted."""

    host: Host
    container: str
    image: str
    address: str
    names: tuple[str, ...]
    network: str
    cgroups: CgroupVersion
    files: dict[str, tuple[int, bytes]]
    lab: str
    site_file: str
    neighbours: dict[str, str]
    volumes: tuple[tuple[str, str], ...] = ()

    @property
    def fingerprint(self) -> str:
        """Changes with the host's own account, port, address, names and keys; not with its neighbours or its image."""
        made_of: list[object] = [self.container, self.address, self.names, self.network, self.host.fqdn]
        made_of += [int(self.cgroups), DISK, *self.volumes]
        contents = [[path, mode, content.decode()] for path, (mode, content) in sorted(self.files.items())]
        return hashlib.sha256(json.dumps([made_of, contents]).encode()).hexdigest()[:16]

    def arguments(self) -> dict[str, Any]:
        """The arguments of the engine's call that makes the container, but for its host settings."""
        label, _, zone = self.host.fqdn.partition(".")
        old = self.cgroups is CgroupVersion.V1
        return {
            "image": self.image,
            "name": self.container,
            "hostname": label,
            "domainname": zone or None,
            # Docker mounts version 2's control groups read-only into a container that is not privileged.
            "command": [_SYSTEMD] if old else ["/bin/sh", "-c", f"mount -o remount,rw /sys/fs/cgroup; exec {_SYSTEMD}"],
            "environment": {"container": "docker"},
            "volumes": [DISK],
            "labels": {
                LABEL: self.lab,
                SITE_LABEL: self.site_file,
                HOST_LABEL: self.host.name,
                MADE_OF_LABEL: self.fingerprint,
                IMAGE_OF_LABEL: self.image,
            },
            "stop_signal": "SIGRTMIN+3",
        }

    def host_settings(self) -> dict[str, Any]:
        """The engine's settings around the container: capabilities, mounts, restarts."""
        settings: dict[str, Any] = {
            "cap_drop": ["ALL"],
            "cap_add": list(CAPABILITIES),
            "security_opt": ["seccomp=unconfined", "apparmor=unconfined"],
            "tmpfs": {"/run": "", "/run/lock": "", "/tmp": "exec"},  # noqa: S108
            "network_mode": self.network,
            # Docker's DNS answers with the right addresses, but for an address with the container's name: /etc/hosts
            # gives back the DNS name, as a real reverse zone would.
            "extra_hosts": {name: address for name, address in self.neighbours.items() if name != self.host.fqdn},
            # A `reboot` inside a host ends its container: it starts again, as a machine does. `docker stop` is final.
            "restart_policy": {"Name": "on-failure"},
            "log_config": {"type": "json-file", "config": {"max-size": "1m", "max-file": "1"}},
        }
        binds = [f"{volume}:{place}:rw" for volume, place in self.volumes]
        if self.cgroups is CgroupVersion.V1:
            binds += ["/sys/fs/cgroup:/sys/fs/cgroup:rw"]
        if binds:
            settings["binds"] = binds
        settings["cgroupns"] = "host" if self.cgroups is CgroupVersion.V1 else "private"
        return settings


def container_name(site: Site, host: str) -> str:
    """The name of a host's container."""
    return f"pkgci-{site.name}-{host}"


def make_blueprint(
    site: Site,
    host: Host,
    image: str,
    network: IPv4Network,
    cgroups: CgroupVersion,
    keys: tuple[str, ...],
    volumes: tuple[tuple[str, str], ...] = (),
) -> Blueprint:
    """What ``host`` is made of; ``keys`` are the public keys that log in to it."""
    settings = f"LAB_NETWORK={network}\nLAB_USER={host.ssh.user}\nLAB_PORT={host.ssh.port}\n"
    return Blueprint(
        host=host,
        container=container_name(site, host.name),
        image=image,
        address=host.address,
        names=tuple(dict.fromkeys((host.fqdn, *host.aliases, host.name))),
        network=network_name(site),
        cgroups=cgroups,
        files={
            "etc/pkgci-lab/host.conf": (0o644, settings.encode()),
            "etc/pkgci-lab/authorized_keys": (0o644, "".join(f"{key}\n" for key in keys).encode()),
        },
        lab=site.name,
        site_file=str(site.path),
        neighbours=_names(site),
        volumes=volumes,
    )


def _names(site: Site) -> dict[str, str]:
    """The names that every host finds in its /etc/hosts: each machine's own, and Gerrit's where the lab stands in."""
    return {
        name: host.address
        for host in lab_hosts(site)
        for name in (host.fqdn, *(host.aliases if host.name == STAND_INS else ()))
    }


def make_host(client: docker.DockerClient, blueprint: Blueprint) -> str:
    """Makes and starts the container; returns its identity. One that could not be finished is removed again."""
    api = client.api
    settings = blueprint.host_settings()
    cgroupns = settings.pop("cgroupns")
    with refusals(f"make the host '{blueprint.host.name}'"):
        endpoint = EndpointConfig(api.api_version, ipv4_address=blueprint.address, aliases=list(blueprint.names))
        host_config = api.create_host_config(**settings)
        host_config["CgroupnsMode"] = cgroupns
        made = api.create_container(
            **blueprint.arguments(),
            host_config=host_config,
            networking_config={"EndpointsConfig": {blueprint.network: endpoint}},
        )
        identity = str(made["Id"])
        try:
            api.put_archive(identity, "/", tar_of(blueprint.files))
            api.start(identity)
        except BaseException:
            api.remove_container(identity, force=True, v=True)
            raise
    return identity

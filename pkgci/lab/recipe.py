"""What goes into the image of a lab host: a pure description, the command that builds it, and its name.

One image per operating system serves every host; what differs from host to host is put in when the host is made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgci.errors import UsageError
from pkgci.lab.machine import Machine, Mirrors
from pkgci.model.roles import OperatingSystem

ROOTFS = Path(__file__).parent / "rootfs"
REPOSITORY = "pkgci-lab"

SUITES = {
    OperatingSystem.DEBIAN_12: "bookworm",
    OperatingSystem.DEBIAN_13: "trixie",
    OperatingSystem.UBUNTU_22_04: "jammy",
    OperatingSystem.UBUNTU_24_04: "noble",
}

PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "ca-certificates", "python3"),
    *("iproute2", "iputils-ping", "procps", "nftables", "puppet-agent"),
)

# Mounts and terminals that a container does not have: their failure would leave systemd "degraded".
MASKED = (
    *("systemd-remount-fs.service", "sys-fs-fuse-connections.mount", "sys-kernel-config.mount"),
    *("sys-kernel-debug.mount", "sys-kernel-tracing.mount", "dev-hugepages.mount", "getty.target"),
    *("console-getty.service", "ldconfig.service", "systemd-journal-catalog-update.service"),
)
# What would fetch and install packages behind everybody's back at the first boot. Puppet may switch it on.
DISABLED = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "ssh.socket", "puppet.service")
ENABLED = ("ssh.service", "lab-isolation.service", "lab-namespaces.service", "lab-first-boot.service")

_EXCLUDED = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")


@dataclass(frozen=True)
class Recipe:
    """One image. ``files`` are path → (mode, content), laid into it; ``sources`` are lines of apt's sources.list,
    or none where mmdebstrap is to choose the mirror."""

    system: OperatingSystem
    packages: tuple[str, ...]
    sources: tuple[str, ...]
    apt_settings: tuple[str, ...]
    files: Mapping[str, tuple[int, bytes]]

    @property
    def suite(self) -> str:
        return SUITES[self.system]

    @property
    def tag(self) -> str:
        """The image's tag: another recipe has another one."""
        digest = hashlib.sha256(json.dumps(self.command("")).encode())
        for path, (mode, content) in sorted(self.files.items()):
            digest.update(f"{path}\0{mode:o}\0{len(content)}\0".encode())
            digest.update(content)
        return f"{self.system}-{digest.hexdigest()[:12]}"

    @property
    def image(self) -> str:
        """The image's full name."""
        return f"{REPOSITORY}:{self.tag}"

    def command(self, overlay: str) -> list[str]:
        """The mmdebstrap command that writes the image to standard output; ``overlay`` is a tar file of ``files``."""
        command = ["mmdebstrap", "--variant=minbase", "--format=tar", f"--include={','.join(self.packages)}"]
        command += [f"--dpkgopt=path-exclude={pattern}" for pattern in _EXCLUDED]
        command += ["--dpkgopt=path-include=/usr/share/doc/*/copyright", "--dpkgopt=force-unsafe-io"]
        command += ['--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"']
        command += [f"--aptopt={setting.rstrip(';')}" for setting in self.apt_settings]
        command += [f"--customize-hook=tar-in {overlay} /"]
        command += [f'--customize-hook=chroot "$1" {step}' for step in _steps()]
        command += ['--customize-hook=rm -f "$1"/etc/ssh/ssh_host_* "$1"/var/lib/dbus/machine-id "$1"/etc/hostname']
        command += ['--customize-hook=: > "$1"/etc/machine-id', self.suite, "-"]
        return command + list(self.sources)


def _steps() -> tuple[str, ...]:
    return (
        "update-ca-certificates",
        f"systemctl mask {' '.join(MASKED)}",
        f"systemctl disable {' '.join(DISABLED)} 2>/dev/null || true",
        f"systemctl enable {' '.join(ENABLED)}",
    )


def make_recipe(system: OperatingSystem, machine: Machine, mirror: str | None, modules: tuple[str, ...]) -> Recipe:
    """The recipe of hosts with ``system``, on ``machine``; ``mirror`` is the site's own, ``modules`` are packages.

    Raises ``UsageError`` where this machine has no mirror of that system.
    """
    return Recipe(
        system=system,
        packages=(*PACKAGES, *modules),
        sources=sources(system, machine, mirror),
        apt_settings=machine.apt_settings,
        files=_files(machine),
    )


def sources(system: OperatingSystem, machine: Machine, mirror: str | None) -> tuple[str, ...]:
    """Lines of sources.list: the release, its updates, and its security archive where the machine has a mirror of it.

    None at all for a Debian release where this machine has no Debian mirror: mmdebstrap then takes Debian's own.
    """
    suite = SUITES[system]
    ubuntu = system.startswith("ubuntu")
    known = machine.ubuntu if ubuntu else machine.debian
    if mirror:
        known = Mirrors(mirror.rstrip("/"), known.security if known and known.main == mirror.rstrip("/") else None)
    if known is None:
        if ubuntu:
            raise UsageError(
                f"a lab host with {system} needs an Ubuntu mirror, and this machine's apt has none",
                "write one in the site file (`lab: {mirror: http://…}`), or choose debian-13 for the host",
            )
        return ()
    components = "main universe" if ubuntu else "main"
    lines = [f"deb {known.main} {suite} {components}", f"deb {known.main} {suite}-updates {components}"]
    if known.security:
        lines.append(f"deb {known.security} {suite}-security {components}")
    return tuple(lines)


def _files(machine: Machine) -> dict[str, tuple[int, bytes]]:
    files: dict[str, tuple[int, bytes]] = {}
    for file in sorted(path for path in ROOTFS.rglob("*") if path.is_file()):
        path = file.relative_to(ROOTFS).as_posix()
        files[path] = (0o755 if path.startswith("usr/local/lib/") else 0o644, file.read_bytes())
    for name, certificate in machine.certificates.items():
        files[f"usr/local/share/ca-certificates/{name}"] = (0o644, certificate.encode())
    settings = [("cert", "/etc/ssl/certs/ca-certificates.crt"), *machine.pip_index]
    files["etc/pip.conf"] = (0o644, "".join(["[global]\n", *(f"{k} = {v}\n" for k, v in settings)]).encode())
    return files

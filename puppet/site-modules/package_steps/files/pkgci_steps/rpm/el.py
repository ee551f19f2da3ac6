"""Roots of an Enterprise Linux for tests, made of a mirror's packages by dnf, as an ordinary user."""

from __future__ import annotations

from pathlib import Path

from ..chroots.purpose import Purpose
from ..namespaces import INSIDE, traversable
from ..settings import Target
from ..status import Ended, Status
from ..step import Step

# Package distribution-gpg-keys: the keys of all who make RPM distributions.
KEYS = Path("/usr/share/distribution-gpg-keys")
# The beginning of a mock root's name → the keys that vouch for its packages, the folder there and a pattern.
VOUCHERS = {
    "centos-stream": "centos/RPM-GPG-KEY-CentOS-Official*",
    "almalinux": "alma/RPM-GPG-KEY-AlmaLinux*",
    "rocky": "rocky/RPM-GPG-KEY-Rocky*",
    "fedora": "fedora/RPM-GPG-KEY-fedora-*-primary",
}
PACKAGES = {
    Purpose.TEST: ("bash", "ca-certificates", "coreutils-single", "dnf"),
    Purpose.SYSTEM: ("bash", "ca-certificates", "coreutils-single", "dbus", "dnf", "iproute", "procps-ng", "systemd"),
}


def make(step: Step, target: Target, purpose: Purpose, file: Path) -> None:
    """Writes the tarball of a root of ``target``'s mirror to ``file``.

    Raises ``Ended``: misused where the target has no mirror, or nobody is known to vouch for it; infrastructure.
    """
    keys = vouchers(target)
    with traversable(step, file.parent) as folder:
        folder.chmod(0o777)
        root = folder / "root"
        step.log.say(f"dnf makes a root of {target.mirror}")
        if step.programs.run([*INSIDE, *dnf(target, purpose, keys, root)], folder=Path("/")) != 0:
            raise Ended(Status.INFRASTRUCTURE, f"dnf could not make a root of {target.mirror}: see above")
        tarball = folder / "root.tar"
        tar = ["tar", "--create", "--file", tarball, "--directory", root, "--numeric-owner", "--exclude=./dev/*", "."]
        step.programs.must(f"pack {file}", [*INSIDE, *tar])
        tarball.replace(file)


def vouchers(target: Target) -> list[Path]:
    """The keys that vouch for the packages of ``target``'s mirror. Raises ``Ended`` (misused)."""
    if not target.mirror:
        raise Ended(Status.MISUSED, f"target {target.name}: tests of it need a `mirror:` in the site file")
    root = target.mock_root or ""
    for start, pattern in VOUCHERS.items():
        if root.startswith(start):
            found = sorted(KEYS.glob(pattern))
            if not found:
                raise Ended(Status.INFRASTRUCTURE, f"no {KEYS}/{pattern}: `apt install distribution-gpg-keys`")
            return found
    raise Ended(Status.MISUSED, f"target {target.name}: nobody is known to vouch for '{root}' ({', '.join(VOUCHERS)})")


def dnf(target: Target, purpose: Purpose, keys: list[Path], root: Path) -> list[str | Path]:
    """The command that installs the packages for ``purpose`` into ``root``, each checked against ``keys``."""
    command: list[str | Path] = ["dnf", "--assumeyes", f"--installroot={root}", "--disableplugin=local"]
    command += ["--disablerepo=*", f"--repofrompath=pkgci-base,{target.mirror}", "--releasever=/"]
    settings = {"gpgcheck": "1", "gpgkey": ",".join(f"file://{key}" for key in keys)}
    command += [f"--setopt=pkgci-base.{name}={value}" for name, value in settings.items()]
    command += ["--setopt=install_weak_deps=False", "--nodocs", "install"]
    return [*command, *PACKAGES[purpose]]

"""The roots of deb targets, and whatever else is made of Debian or Ubuntu: by mmdebstrap, as an ordinary user."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import mirrors
from ..layers import ROOT
from ..namespaces import traversable
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from .purpose import Purpose

LOCAL_AUTHORITIES = Path("/usr/local/share/ca-certificates")
# In a root that has no ca-certificates, so that a build does not find there what it did not ask for.
_AUTHORITIES = "etc/apt/pkgci-authorities.crt"
_HOSTS = b"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
# Each build unpacks the root anew, and reads none of this.
_UNREAD = 'cd "$1" && rm -rf usr/share/doc/* usr/share/locale/* usr/share/man/* usr/share/info/*'


@dataclass(frozen=True)
class Recipe:
    """What a root has. ``at_hand`` packages are not installed, but lie in apt's cache: a build that asks for them
    need not fetch them, and one that forgot to ask does not get them. ``hooks`` finish it (mmdebstrap(1), HOOKS)."""

    variant: str
    packages: tuple[str, ...]
    at_hand: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()


RECIPES: dict[Purpose, Recipe] = {
    # sbuild needs fakeroot for packages that need root to be built (reference: packaging, "Build").
    Purpose.BUILD: Recipe(
        "buildd", ("fakeroot",), ("debhelper", "dh-python", "python3-all", "python3-setuptools"), hooks=(_UNREAD,)
    ),
    # Debian's standard minimal system: priority required and important, which debootstrap makes unless told otherwise.
    # Tests count on a DHCP client, say.
    Purpose.TEST: Recipe("important", ("ca-certificates",)),
    Purpose.SYSTEM: Recipe(
        "important", ("ca-certificates", "dbus", "init", "iproute2", "procps", "systemd", "systemd-sysv", "udev")
    ),
}


def make(step: Step, target: Target, purpose: Purpose, place: Path) -> None:
    """Makes ``target``'s root: ``place`` as in ``make_of``. Raises ``Ended`` (infrastructure)."""
    make_of(step, target, RECIPES[purpose], place)


def make_of(step: Step, target: Target, recipe: Recipe, place: Path) -> None:
    """Makes a root by ``recipe`` of ``target``'s suite: the tarball or the new folder ``place``.

    Raises ``Ended`` (infrastructure).
    """
    found = mirrors.sources(step, target)
    with traversable(step, place.parent) as folder:
        overlay = folder / "overlay.tar"
        overlay.write_bytes(_tar(_files("ca-certificates" in recipe.packages)))
        command = mmdebstrap(found, mirrors.settings(step), recipe, overlay, place)
        if step.programs.run(command, environment={"TMPDIR": str(folder)}) != 0:
            raise Ended(Status.INFRASTRUCTURE, f"mmdebstrap could not make {place}: see above")


def mmdebstrap(
    found: Sequence[mirrors.Source], settings: Sequence[str], recipe: Recipe, overlay: Path, place: Path
) -> list[str | Path]:
    """The command that makes a root from ``found``, of which the first is the suite itself."""
    command: list[str | Path] = ["mmdebstrap", "--mode=unshare", f"--variant={recipe.variant}"]
    command += [f"--format={'directory' if place.name == ROOT else 'tar'}"]
    command += [f"--keyring={found[0].keyring}", f"--include={','.join(recipe.packages)}"]
    # Device nodes cannot be unpacked in a user namespace; apt's lists save every build from fetching them.
    command += ["--skip=output/mknod", "--skip=cleanup/apt/lists", "--skip=cleanup/apt/cache"]
    command += [f"--aptopt={setting.rstrip(';')}" for setting in settings]
    command += ['--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"']
    # Whatever is unpacked here is thrown away soon: no need to wait for a disk.
    command += ["--dpkgopt=force-unsafe-io", f"--customize-hook=tar-in {overlay} /"]
    if "ca-certificates" in recipe.packages:
        command += ['--customize-hook=chroot "$1" update-ca-certificates']
    command += [f"--customize-hook={hook}" for hook in recipe.hooks]
    command += ['--customize-hook=chroot "$1" apt-get clean']
    if recipe.at_hand:
        names = " ".join(recipe.at_hand)
        command += [f'--customize-hook=chroot "$1" apt-get -q -y --download-only install {names}']
    # apt's caches are as large as its lists, and out of date with the next source of packages.
    command += ['--customize-hook=rm -f "$1"/var/cache/apt/*.bin']
    return [*command, found[0].suite, place, *mirrors.lines(found)]


def _files(has_ca_certificates: bool) -> dict[str, bytes]:
    """What of this host a root needs, path → content: its certificate authorities."""
    files = {"etc/hosts": _HOSTS}
    if has_ca_certificates:
        local = sorted(LOCAL_AUTHORITIES.rglob("*.crt")) if LOCAL_AUTHORITIES.is_dir() else []
        for certificate in local:
            files[f"usr/local/share/ca-certificates/{certificate.name}"] = certificate.read_bytes()
    else:
        files[_AUTHORITIES] = mirrors.AUTHORITIES.read_bytes()
        files["etc/apt/apt.conf.d/90pkgci"] = f'Acquire::https::CAInfo "/{_AUTHORITIES}";\n'.encode()
    return files


def _tar(files: Mapping[str, bytes]) -> bytes:
    """A tar archive of ``files``, all root's."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()

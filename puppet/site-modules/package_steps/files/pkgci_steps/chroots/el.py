"""Roots of an Enterprise Linux or of Fedora for tests, made of a mirror's packages by dnf, as an ordinary user.

A root knows its mirror: what packages under test ask for is found there, checked against the distribution's keys.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .. import mirrors
from ..layers import handed_over
from ..namespaces import INSIDE, traversable
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from .purpose import Purpose

# Package distribution-gpg-keys: the keys of all who make RPM distributions.
KEYS = Path("/usr/share/distribution-gpg-keys")
# The beginning of a mock root's name → the keys that vouch for its packages, as a pattern below KEYS.
VOUCHERS = {
    "alma": "alma/RPM-GPG-KEY-AlmaLinux-{release}",
    "centos-stream": "centos/RPM-GPG-KEY-CentOS-Official*",
    "fedora": "fedora/RPM-GPG-KEY-fedora-{release}-primary",
    "rocky": "rocky/RPM-GPG-KEY-Rocky-{release}",
}
# What a minimal installation has; not its kernel, its network or its logs, which nothing here boots.
_MINIMAL = ("bash", "ca-certificates", "coreutils-single", "dnf", "iproute", "procps-ng", "shadow-utils", "systemd")
PACKAGES = {Purpose.TEST: (*_MINIMAL, "util-linux"), Purpose.SYSTEM: (*_MINIMAL, "dbus")}
# dnf's own words for its cache in a root (``install/dnf.py``): there, the mirror's lists wait for the tests.
_CACHE = "var/cache/dnf"
# Where a root has the keys.
_ROOT_KEYS = "/etc/pki/rpm-gpg/pkgci"
_RELEASE = re.compile(r"-([0-9]+)(?:-|$)")
# ROOT, its folder of KEYS, REPOSITORIES, KEY…: the mirror is all that the root knows.
_FINISH = """\
set -eu
cd /
root=$1 keys=$2 repositories=$3
shift 3
rm -f "$root"/etc/yum.repos.d/*.repo
mkdir -p "$root/etc/yum.repos.d" "$root$keys"
cp "$repositories" "$root/etc/yum.repos.d"
cp "$@" "$root$keys"
rm -rf "$root"/dev/*
"""


def make(step: Step, target: Target, purpose: Purpose, place: Path) -> None:
    """Makes the new folder ``place`` a root of ``target``'s mirror.

    Raises ``Ended``: misused where the target has no mirror, or nobody is known to vouch for it; infrastructure.
    """
    keys = vouchers(target)
    with traversable(step, place.parent) as folder:
        outside, inside = folder / "outside", folder / "inside"
        for new in (outside, inside):
            new.mkdir()
        logs, root = handed_over(step, folder / "logs"), handed_over(step, place)
        (outside / "pkgci-base.repo").write_text(repositories(target, keys))
        own = [Path(_ROOT_KEYS) / key.name for key in keys]
        (inside / "pkgci-base.repo").write_text(repositories(target, own))
        step.log.say(f"dnf makes a root of {target.mirror}")
        words = dnf(target, purpose, outside, root, logs)
        if step.programs.run([*INSIDE, *words], folder=Path("/")) != 0:
            raise Ended(Status.INFRASTRUCTURE, f"dnf could not make a root of {target.mirror}: see above")
        finish: list[str | Path] = [*INSIDE, "sh", "-c", _FINISH, "sh"]
        step.programs.must(f"finish {place}", [*finish, root, _ROOT_KEYS, inside / "pkgci-base.repo", *keys])


def release(target: Target) -> str:
    """The number of the distribution's release, out of the mock root's name. Raises ``Ended`` (misused)."""
    found = _RELEASE.search(target.mock_root or "")
    if not found:
        raise Ended(Status.MISUSED, f"target {target.name}: '{target.mock_root}' names no release")
    return found[1]


def vouchers(target: Target) -> list[Path]:
    """The keys that vouch for the packages of ``target``'s mirror. Raises ``Ended``."""
    if not target.mirror:
        raise Ended(Status.MISUSED, f"target {target.name}: tests of it need a `mirror:` in the site file")
    for start, pattern in VOUCHERS.items():
        if (target.mock_root or "").startswith(start):
            wanted = pattern.format(release=release(target))
            found = sorted(KEYS.glob(wanted))
            if not found:
                raise Ended(
                    Status.INFRASTRUCTURE,
                    f"there is no key {KEYS}/{wanted} here: `apt install distribution-gpg-keys`, or put it there",
                )
            return found
    known = ", ".join(f"{start}…" for start in VOUCHERS)
    raise Ended(Status.MISUSED, f"target {target.name}: nobody is known to vouch for '{target.mock_root}' ({known})")


def repositories(target: Target, keys: Sequence[Path]) -> str:
    """dnf's file about ``target``'s mirror: of the mirror itself, or of its folders where the target has components."""
    words = " ".join(f"file://{key}" for key in keys)
    return "\n".join(
        f"[pkgci-base{name}]\nname={target.mock_root} {place}\nbaseurl={place}/\ngpgcheck=1\ngpgkey={words}\n"
        for name, place in mirrors.rpm_places(target).items()
    )


def dnf(target: Target, purpose: Purpose, repositories: Path, root: Path, logs: Path) -> list[str | Path]:
    """The command that installs the packages for ``purpose`` from the folder ``repositories`` into ``root``."""
    command: list[str | Path] = ["dnf", "--assumeyes", f"--installroot={root}", "--disableplugin=local"]
    command += [f"--setopt=reposdir={repositories}", f"--releasever={release(target)}"]
    command += [f"--setopt=cachedir={root}/{_CACHE}", f"--setopt=logdir={logs}"]
    command += ["--setopt=install_weak_deps=False", "--setopt=keepcache=False", "--nodocs", "install"]
    return [*command, *PACKAGES[purpose]]

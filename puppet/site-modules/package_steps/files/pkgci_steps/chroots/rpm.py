"""The roots of rpm targets. Those of backend ``chroot`` are made of Debian, and stand in for an EL system's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..rpm import base
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from . import deb, el
from .deb import Recipe
from .purpose import Purpose

_HERE = Path(__file__).resolve().parent.parent / "rpm"
# What Debian's rpm does not define, but EL's macros packages do.
_MACROS = (
    f"upload {_HERE}/macros /usr/lib/rpm/macros.d/macros.pkgci",
    'mkdir -p "$1/usr/lib/rpm/pkgci"',
    f"upload {_HERE}/gpgverify /usr/lib/rpm/pkgci/gpgverify",
    f"upload {_HERE}/pyproject_files.py /usr/lib/rpm/pkgci/pyproject_files",
    'chmod 0755 "$1/usr/lib/rpm/pkgci/gpgverify"',
)
_RPMLINT = ('mkdir -p "$1/etc/xdg/rpmlint"', f"upload {_HERE}/rpmlint.toml /etc/xdg/rpmlint/pkgci.toml")
# Nobody asks apt for anything in these roots, or reads in them: each is unpacked for one build, or one test.
# The folders stay: a package that puts a file there must not seem to have made them.
_SLIM = 'cd "$1" && rm -rf var/lib/apt/lists/* && find usr/share/doc usr/share/locale usr/share/man ! -type d -delete'
# dnf, what it checks signatures with, and curl, which every EL has: people are told to fetch keys with it.
_DNF = ("ca-certificates", "curl", "dnf", "gpg", "gpg-agent", "python3", "rpm")

RECIPES: dict[Purpose, Recipe] = {
    # What nearly every spec counts on: BuildRequires are not resolved here.
    Purpose.BUILD: Recipe(
        "buildd",
        (
            *("bzip2", "cpio", "file", "gettext", "git", "gpg", "gpgv", "patch", "pkgconf", "procps", "python3"),
            *(
                "python3-pbr",
                "python3-pip",
                "python3-setuptools",
                "python3-wheel",
                "rpm",
                "rpmlint",
                "unzip",
                "xz-utils",
            ),
        ),
        hooks=(*_MACROS, *_RPMLINT, _SLIM),
    ),
    # Nothing can be fetched for it: an EL mirror would have systemd, where a package asks for it.
    Purpose.TEST: Recipe("minbase", (*_DNF, "iproute2", "procps", "systemd"), hooks=(*base.HOOKS, _SLIM)),
    Purpose.SYSTEM: Recipe("minbase", (*_DNF, *deb.RECIPES[Purpose.SYSTEM].packages), hooks=(*base.HOOKS, _SLIM)),
}


def make(step: Step, target: Target, purpose: Purpose, place: Path) -> None:
    """Makes ``target``'s root, the new folder ``place``. Raises ``Ended`` (infrastructure)."""
    _BACKENDS[target.backend](step, target, purpose, place)


def _make_chroot(step: Step, target: Target, purpose: Purpose, place: Path) -> None:
    if purpose is not Purpose.BUILD:
        step.log.say(base.NOTE)
    deb.make_of(step, target, RECIPES[purpose], place)


def _make_mock(step: Step, target: Target, purpose: Purpose, place: Path) -> None:
    if purpose is Purpose.BUILD:
        raise Ended(Status.SKIPPED, f"mock keeps the chroots of {target.name} itself")
    el.make(step, target, purpose, place)


_BACKENDS: dict[str, Callable[[Step, Target, Purpose, Path], None]] = {"chroot": _make_chroot, "mock": _make_mock}

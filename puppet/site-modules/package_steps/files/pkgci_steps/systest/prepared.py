"""The root of a system with a change's packages installed, and with all at hand that their own tests need.

Everything is fetched before the change's own code runs, and nothing of that runs with a network.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .. import chroots, review
from ..install import apt, dnf, faults
from ..install import root as roots
from ..install.manager import INSTALLED, Manager
from ..install.root import Root
from ..report import Case
from ..review import File, Repository
from ..rpm import base
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from . import vm

Repositories = tuple[Repository, ...]
# The files that a package manager needs in a root, and what works with it there.
_Kind = tuple[dict[str, bytes], Callable[[Root], Manager]]
# Where the source packages of the change are.
_SOURCES = "/etc/apt/sources.list.d/pkgci-sources.sources"
# As autopkgtest builds a source tree that a test needs built.
_PROFILES = "DEB_BUILD_PROFILES=nocheck noudeb"
# By kind of target: how the files of packages are listed.
_LISTED = {"deb": ("dpkg-query", "--listfiles"), "rpm": ("rpm", "--query", "--list")}


def _apt(step: Step, target: Target, chosen: Repositories) -> _Kind:
    own = tuple(item for item in chosen if item.is_own)
    sources = {_SOURCES: review.apt_sources(own, target, "deb-src").encode()}
    return apt.files(step, target, chosen) | sources, apt.Apt


def _dnf(step: Step, target: Target, chosen: Repositories) -> _Kind:
    if base.stands_in(target):
        step.log.say(base.NOTE)
    step.details |= base.details(target)
    return dnf.files(step, chosen), dnf.Dnf


_MANAGERS: dict[str, Callable[[Step, Target, Repositories], _Kind]] = {"deb": _apt, "rpm": _dnf}


@contextmanager
def fresh(step: Step, target: Target) -> Iterator[Manager]:
    """The package manager of a new root that is to be booted, with the repositories' lists.

    Raises ``Ended`` (infrastructure).
    """
    chosen = review.repositories(step.inputs, step.settings)
    tree = chroots.ensure(step, target, chroots.Purpose.SYSTEM)
    files, kind = _MANAGERS[target.kind](step, target, chosen)
    files = files | (vm.FILES if step.settings.systest == "vm" else {})
    with roots.fresh(step, tree, files) as root:
        manager = kind(root)
        manager.use_changes()
        yield manager


def fetch(manager: Manager, group: Sequence[File]) -> None:
    """Fetches exactly the packages of ``group`` and what they need. Raises ``Ended``: by whose fault that cannot be."""
    fetched = faults.case("fetch", manager.fetch(_words(manager, group)))
    if fetched.status is not Status.PASSED:
        raise Ended(fetched.status, f"the packages cannot be fetched: {fetched.message}")
    sums = manager.sums()
    for file in group:
        if file.sha256 not in sums:
            raise Ended(Status.INFRASTRUCTURE, f"another {file.name} was fetched than the one that was published")


def fetch_for_tests(step: Step, root: Root, needs: Sequence[str], built: Path | None) -> None:
    """Fetches what ``needs`` (lists of dependencies, as Depends has them) name, and installs nothing; also what a build
    of the .dsc ``built`` in the root needs.

    What cannot be had is autopkgtest's to report, with the name of the test that wants it. Raises ``Ended``
    (infrastructure).
    """
    manager = apt.Apt(root)
    wanted = [("satisfy", need) for need in needs]
    for words in [*wanted, *([("build-dep", str(built))] if built else [])]:
        case = faults.case("fetch", manager.fetch_only(_PROFILES, *words))
        if case.status is Status.INFRASTRUCTURE:
            raise Ended(case.status, f"what the tests need cannot be fetched: {case.message}")
        if case.status is not Status.PASSED:
            step.log.say(f"the tests need what cannot be had: {' '.join(words)}: {case.message}")


@contextmanager
def installed(step: Step, manager: Manager, group: Sequence[File]) -> Iterator[Manager]:
    """The manager of another root, that has the packages of ``group``, which were fetched; adds a case.

    Raises ``Ended`` where they do not install: by their fault, or the infrastructure's.
    """
    with manager.layer(step) as there:
        started = time.monotonic()
        said = there.install(_words(there, group))
        states = there.states([file.package for file in group])
        bad = [file.package for file in group if states.get(file.package) != (INSTALLED, file.version)]
        case = faults.case("install", said)
        if bad and case.status is Status.PASSED:
            case = Case("install", Status.FAILED, f"not installed: {', '.join(bad)}", said.text)
        step.cases.append(Case(case.name, case.status, case.message, case.output, time.monotonic() - started))
        if case.status is not Status.PASSED:
            raise Ended(case.status, f"the packages do not install: {case.message}")
        yield there


def _words(manager: Manager, group: Sequence[File]) -> list[str]:
    return [manager.word(file.package, file.version) for file in group]


def ready_to_boot(root: Root) -> None:
    """From here on packages start what they bring, as on any system."""
    root.run("rm", "-f", "/usr/sbin/policy-rc.d")


def paths(root: Root, target: Target, group: Sequence[File]) -> list[str]:
    """The files of the installed packages of ``group``. Raises ``Ended`` (infrastructure)."""
    return root.ask(*_LISTED[target.kind], *(file.package for file in group)).splitlines()

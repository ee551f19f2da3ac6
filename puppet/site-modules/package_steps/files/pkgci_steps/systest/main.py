"""pkgci-systest: boots a fresh system with what was published for a change, and runs its own tests there."""

from __future__ import annotations

import os

from .. import review
from ..install.flow import together
from ..limits import confined
from ..settings import WORK
from ..step import Step, run
from . import prepared
from .run import Run

USAGE = """
pkgci-systest: boots a fresh system with the packages of a change installed, and runs the packages' own tests in it.

  PROJECT=packaging/hello TARGET=trixie CHANGE=12 REF=refs/zuul/main/Z1 RESULTS=/tmp/out pkgci-systest

PROJECT, TARGET  as in the site file
CHANGE, REF      whose packages: those that pkgci-publish-review published of the build that the last word of REF
                 names (without REF: by-hand), as it was told PIPELINE and GROUP
CHANGES          in check: the changes before it, as in "10,1 12,3": their packages are at hand, too
AHEAD            in the gate: its runs for the changes ahead, as in "10-Z1 12-Z7": their packages are at hand, too
SOURCE           for an RPM target: the source tree with the test, an executable tests/run. A DEB package's tests
                 (autopkgtest) are those of its source package, which was published with it
RESULTS          a folder for result.json, junit.xml (a case for the boot, each service and each test) and log.txt

The system is a container, or a virtual machine where the site file says so (`systests: {machine: vm}`).

Each test of a DEB package has a fresh system, with root, network interfaces of its own, and no network beyond them. One
that asks for more is skipped, and named; that is no fault.

Exit status: 0 pass, 1 a package is at fault, 2 wrong use, 3 infrastructure.
"""


def main() -> int:
    """The program."""
    needed = ("PROJECT", "TARGET", "CHANGE")
    return run("systest", perform, needed=needed, usage=USAGE, scratch=WORK)


def perform(step: Step) -> str:
    """Boots the packages, each group of them that can be installed together. Returns why they passed, or raises
    ``Ended``."""
    os.umask(0o022)
    target = step.settings.target(step.inputs.target)
    build = review.published(step.inputs, step.settings)
    wanted = build.binaries()
    step.details["tested"] = [
        {"package": file.package, "version": file.version, "sha256": file.sha256} for file in wanted
    ]
    step.details["machine"] = step.settings.systest
    with confined(step.programs, step.settings.limits), prepared.fresh(step, target) as manager:
        own = Run(step, target, build, manager)
        own.perform(together(step, manager, wanted))
    return step.passed_or_failed(own.summary())

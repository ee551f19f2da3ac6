"""pkgci-systest: boots a fresh system with what was published for a change, and runs its own tests there."""

from __future__ import annotations

import os

from .. import review
from ..install.flow import together
from ..settings import WORK
from ..step import Step, run
from . import prepared
from .run import Run

USAGE = """
pkgci-systest: boots a fresh system with the packages of a change installed, and runs the packages' own tests in it.

  PROJECT=packaging/hello TARGET=trixie CHANGE=12 REF=refs/zuul/main/Z1 SOURCE=$PWD RESULTS=/tmp/out pkgci-systest

PROJECT, TARGET  as in the site file
CHANGE, REF      whose packages: those that pkgci-publish-review published to review/CHANGE from the build that the
                 last word of REF names (without REF: by-hand); GROUP where changes share a repository
CHANGES          the changes before it, as in "10,1 12,3": their packages are at hand, too
SOURCE           the source tree with the tests: debian/tests for DEB (autopkgtest), an executable tests/run for RPM
RESULTS          a folder for result.json, junit.xml (a case for the boot, each service and each test) and log.txt

The system is a container, or a virtual machine where the site file says so (`systests: {machine: vm}`).

Exit status: 0 pass, 1 a package is at fault, 2 wrong use, 3 infrastructure, 4 a test was skipped: never a pass.
"""


def main() -> int:
    """The program."""
    needed = ("PROJECT", "TARGET", "CHANGE", "SOURCE")
    return run("systest", perform, needed=needed, usage=USAGE, scratch=WORK)


def perform(step: Step) -> str:
    """Boots the packages, each group of them that can be installed together. Returns why they passed, or raises
    ``Ended``."""
    os.umask(0o022)
    target = step.settings.target(step.inputs.target)
    wanted = review.published(step.inputs, step.settings).binaries()
    step.details["tested"] = [
        {"package": file.package, "version": file.version, "sha256": file.sha256} for file in wanted
    ]
    step.details["machine"] = step.settings.systest
    own = Run(step, target, wanted)
    with prepared.fresh(step, target) as manager:
        groups = together(step, manager, wanted)
        for first in groups[:1]:
            own.boot(manager, first, with_tests=True)
    for group in groups[1:]:
        with prepared.fresh(step, target) as manager:
            own.boot(manager, group, with_tests=False)
    return step.passed_or_failed(own.summary())

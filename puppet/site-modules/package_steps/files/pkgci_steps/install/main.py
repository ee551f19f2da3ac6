"""pkgci-install-test: installs what was published for a change, as its users will."""

from __future__ import annotations

import os

from .. import review, step
from ..limits import confined
from ..settings import WORK
from ..step import Step
from . import deb, rpm

_USAGE = """
pkgci-install-test: installs, upgrades, removes and purges what was published for a change, in fresh roots.

  PROJECT=packaging/hello TARGET=trixie CHANGE=12 REF=refs/zuul/main/Z1 RESULTS=/tmp/out pkgci-install-test

PROJECT, TARGET  as in the site file
CHANGE, REF      whose packages: those that pkgci-publish-review published of the build that the last word of REF
                 names (without REF: by-hand), as it was told PIPELINE and GROUP
CHANGES          in check: the changes before it, as in "10,1 12,3": their packages are at hand, too
AHEAD            in the gate: its runs for the changes ahead, as in "10-Z1 12-Z7": their packages are at hand, too
RESULTS          a folder for result.json, junit.xml (a case for each package and phase) and log.txt

Exit status: 0 pass, 1 a package is at fault, 2 wrong use, 3 infrastructure, 4 skipped.
"""


def perform(own: Step) -> str:
    """Tests every package of the build. Returns why it passed, or raises ``Ended``."""
    os.umask(0o022)
    target = own.settings.target(own.inputs.target)
    build = review.published(own.inputs, own.settings)
    wanted = build.binaries()
    own.details["tested"] = [
        {"package": file.package, "version": file.version, "sha256": file.sha256} for file in wanted
    ]
    if not wanted:
        return "it has no package for a running system: there is nothing to test"
    with confined(own.programs, own.settings.limits):
        _KINDS[target.kind](own, target, build)
    return own.passed_or_failed(f"{len(wanted)} packages: installed, removed, and nothing left behind")


_KINDS = {"deb": deb.test, "rpm": rpm.test}


def main() -> int:
    """The program."""
    return step.run("install-test", perform, needed=("PROJECT", "TARGET", "CHANGE"), usage=_USAGE, scratch=WORK)

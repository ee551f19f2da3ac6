"""pkgci-repotest: what the released repository would be with this change in it."""

from __future__ import annotations

import os

from .. import review, step
from ..limits import confined
from ..settings import WORK
from ..step import Step
from . import deb, rpm

_USAGE = """
pkgci-repotest: checks what the released repository would be with a change in it.

  PROJECT=packaging/hello TARGET=trixie CHANGE=12 REF=refs/zuul/main/Z1 RESULTS=/tmp/out pkgci-repotest

Every package of the change must be installable, none that is released may cease to be; no version may be older than
the released one, or the same with another content; no file may be in two packages. Packages of the distribution that
are broken without us are not judged.

PROJECT, TARGET  as in the site file
CHANGE, REF      whose packages: those that pkgci-publish-review published of the build that the last word of REF
                 names (without REF: by-hand), as it was told PIPELINE and GROUP
CHANGES          in check: the changes before it, as in "10,1 12,3": they count as released
AHEAD            in the gate: its runs for the changes ahead, as in "10-Z1 12-Z7": they count as released
RESULTS          a folder for result.json, junit.xml and log.txt

Exit status: 0 pass, 1 a package is at fault, 2 wrong use, 3 infrastructure, 4 skipped.
"""

_KINDS = {"deb": deb.test, "rpm": rpm.test}


def perform(own: Step) -> str:
    """Judges the build's packages. Returns why they passed, or raises ``Ended``."""
    os.umask(0o022)
    target = own.settings.target(own.inputs.target)
    build = review.published(own.inputs, own.settings)
    wanted = build.packages()
    own.details["tested"] = [
        {"package": file.package, "version": file.version, "sha256": file.sha256} for file in wanted
    ]
    if not wanted:
        return "it has no package for a running system: there is nothing to test"
    with confined(own.programs, own.settings.limits):
        _KINDS[target.kind](own, target, wanted)
    return own.passed_or_failed(f"the repository closes with {len(wanted)} packages of this change")


def main() -> int:
    """The program."""
    return step.run("repotest", perform, needed=("PROJECT", "TARGET", "CHANGE"), usage=_USAGE, scratch=WORK)

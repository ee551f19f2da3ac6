"""pkgci-build: builds a package from a git tree for one target."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from ..limits import confined
from ..settings import BUILDS, WORK, Target
from ..status import Ended, Status
from ..step import Step, run
from . import deb, rpm
from .hand_over import hand_over

USAGE = """
Builds a package from a git tree for one target, in a clean chroot without network, as an ordinary user.

  PROJECT=packaging/hello TARGET=trixie SOURCE=$PWD RESULTS=/tmp/out pkgci-build

PROJECT   the project, as the site file names it
TARGET    one of its targets
SOURCE    a git tree: its commit HEAD is built, whatever else lies there; upstream's tarball may be in its branches and
          tags, in git-buildpackage's layout
UPSTREAM  upstream's git tree, where the site file says that upstream is a project of its own (`source: {project: …}`)
RESULTS   the folder for the packages, result.json, junit.xml and log.txt
PIPELINE  gate, republish: the version is the release's own, that of the tree with the target's version suffix. Else it
          gets ~c<CHANGE>.<PATCHSET> at its end, and sorts before that
CHANGE, PATCHSET, CHANGES, AHEAD, GROUP, REF, COMMIT: as Zuul has them; what the build stands on is found for it

What passed is in /srv/pkgci/builds/<last word of REF, or by-hand>/<TARGET> too, where the publisher fetches it.

Exit status: 0 built, 1 the package is at fault, 2 wrong use, 3 this host, a mirror or a repository is at fault.
"""

# Kind of target → what builds it: it returns in one line what was built, or raises ``Ended``.
BUILDERS: dict[str, Callable[[Step, Target], str]] = {"deb": deb.build_deb, "rpm": rpm.build_rpm}


def main() -> int:
    """The program."""
    os.umask(0o022)  # namespaces read what is prepared here as anybody
    status = run("build", perform, needed=("PROJECT", "TARGET", "SOURCE"), usage=USAGE, scratch=WORK)
    if status != Status.PASSED.value or sys.argv[1:]:
        return status
    try:
        hand_over(Path(os.environ["RESULTS"]), BUILDS)
    except OSError as error:
        print(f"pkgci-build: the packages cannot be handed over to {BUILDS}: {error}", file=sys.stderr)
        return Status.INFRASTRUCTURE.value
    return status


def perform(step: Step) -> str:
    """Builds. Raises ``Ended``."""
    target = step.settings.target(step.inputs.target)
    project = step.settings.project(step.inputs.project)
    if target.name not in project.targets:
        raise Ended(Status.MISUSED, f"{project.name} is not built for {target.name}, by the site file")
    with confined(step.programs, step.settings.limits):
        return BUILDERS[target.kind](step, target)

"""pkgci-chroots: makes warm chroots and roots of tests anew."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from ..namespaces import remove
from ..settings import BUILDS, CHROOTS, WORK, Target
from ..status import Ended, Status
from ..step import Step, run
from ..tidy import abandoned, forget_builds
from .kept import refresh, sweep
from .purpose import Purpose

USAGE = """
Makes chroots and roots of tests anew, below /srv/pkgci/chroots: made aside, then put in the old one's place. Before
that it removes packages that lie in /srv/pkgci/builds for more than 3 days, and what killed builds left.

  RESULTS=/tmp/out pkgci-chroots                     what builds need, for every target
  TARGET=trixie PURPOSES='build test' RESULTS=/tmp/out pkgci-chroots

PURPOSES  what for: build (packages are built in it: the default), test (they are installed), system (it is booted)
TARGET    only for this target
RESULTS   the folder for result.json, junit.xml and log.txt

Exit status: 0 made, 2 wrong use, 3 a mirror or this host is at fault.
"""


def main() -> int:
    """The program."""
    return run("chroots", perform, needed=(), usage=USAGE)


def perform(step: Step) -> str:
    """Makes what is asked for. Raises ``Ended``: the one that fails does not keep the others from being made."""
    wanted = purposes(os.environ.get("PURPOSES", "build"))
    _tidy(step)
    made, faults = [], []
    for target in _targets(step):
        for purpose in wanted:
            try:
                made.append(refresh(step, target, purpose).name)
            except Ended as ended:
                if ended.status in (Status.ABORTED, Status.MISUSED):
                    raise
                if ended.status is not Status.SKIPPED:
                    faults.append(f"{target.name} ({purpose.value}): {ended.reason}")
                step.log.say(f"{target.name} ({purpose.value}): {ended.reason}")
    step.details["chroots"] = made
    if faults:
        raise Ended(Status.INFRASTRUCTURE, "; ".join(faults))
    return f"made {', '.join(made) or 'nothing'} in {CHROOTS}"


def purposes(words: str) -> tuple[Purpose, ...]:
    """The purposes in ``words``. Raises ``Ended`` (misused)."""
    known = {purpose.value: purpose for purpose in Purpose}
    unknown = [word for word in words.split() if word not in known]
    if unknown or not words.split():
        raise Ended(Status.MISUSED, f"PURPOSES is not acceptable: {words[:100]!a} (any of: {', '.join(known)})")
    return tuple(known[word] for word in words.split())


def _tidy(step: Step) -> None:
    gone = forget_builds(BUILDS, time.time())
    for folder in (*abandoned(WORK), *abandoned(CHROOTS)):
        remove(folder)
        gone.append(folder)
    gone += sweep(CHROOTS)
    if gone:
        step.log.say(f"removed {', '.join(str(place) for place in gone)}")


def _targets(step: Step) -> Sequence[Target]:
    if step.inputs.target:
        return [step.settings.target(step.inputs.target)]
    return list(step.settings.targets.values())

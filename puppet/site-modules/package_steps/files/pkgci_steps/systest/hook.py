"""An RPM package's own tests: the executable ``tests/run`` of its source tree, run by root from there."""

from __future__ import annotations

import time
from pathlib import Path

from ..report import Case
from ..status import Ended, Status
from . import declared
from .machine import System

_FOLDER = "/root/source"
# As automake and meson have it: the test cannot be done here.
_SKIPPED = 77


def run(system: System, archive: Path) -> None:
    """Adds the case of the hook in the tree in ``archive``. Raises ``Ended`` where it cannot be put into the system."""
    _put(system, archive)
    minutes = system.step.settings.limits.minutes
    started = time.monotonic()
    system.step.log.say(f"{declared.HOOK}:")
    said = system.run("env", "--chdir", _FOLDER, f"./{declared.HOOK}", seconds=minutes * 60)
    system.step.log.add(said.text.encode())
    status = {0: Status.PASSED, _SKIPPED: Status.SKIPPED}.get(said.status, Status.FAILED)
    lines = said.text.strip().splitlines()
    last = f": {lines[-1]}" if lines else ""
    message = {
        Status.PASSED: "",
        Status.SKIPPED: f"it says that it cannot be done here (status {_SKIPPED}){last}",
    }.get(status, f"it ended with status {said.status}{last}")
    system.step.cases.append(Case(declared.HOOK, status, message, said.text, time.monotonic() - started))


def _put(system: System, archive: Path) -> None:
    unpack = f"mkdir {_FOLDER} && exec tar --directory {_FOLDER} --extract --no-same-owner -p"
    words = ["sh", "-c", 'file=$1; shift; exec "$@" <"$file"', "sh", str(archive), *system.words("sh", "-c", unpack)]
    if system.step.programs.run(words) != 0:
        raise Ended(Status.INFRASTRUCTURE, "the source cannot be put into the system")

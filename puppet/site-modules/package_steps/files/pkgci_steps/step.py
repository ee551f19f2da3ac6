"""A step's program, from its first line to its exit status: everything that all steps have in common."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import files
from . import inputs as reading
from . import settings as site
from .inputs import Inputs
from .log import Log
from .programs import Programs, Stop
from .report import Case, junit, result
from .settings import Settings
from .status import Ended, Status

# The files that every step leaves in RESULTS.
RESULT, JUNIT, LOG = "result.json", "junit.xml", "log.txt"


@dataclass
class Step:
    """A step under way. ``cases`` and ``details`` become junit.xml and result.json.

    ``scratch`` is a folder of its own, which is gone afterwards.
    """

    name: str
    inputs: Inputs
    settings: Settings
    log: Log
    stop: Stop
    programs: Programs
    scratch: Path
    cases: list[Case] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    # What took how long, in seconds: of parts that ran side by side, the sum.
    timing: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """What happens meanwhile counts as ``part`` of the step's time, which the log shows at the end."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.timing[part] = self.timing.get(part, 0.0) + time.monotonic() - started

    def passed_or_failed(self, good: str) -> str:
        """``good``, where no case says otherwise. Raises ``Ended`` with the worst of the cases' words.

        What was skipped beside something that passed is shown, and does not count.
        """
        skipped = () if any(case.status is Status.PASSED for case in self.cases) else (Status.SKIPPED,)
        for status in (Status.ABORTED, Status.INFRASTRUCTURE, Status.FAILED, *skipped):
            bad = [case for case in self.cases if case.status is status]
            if bad:
                more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
                raise Ended(status, f"{bad[0].name}: {bad[0].message}{more}")
        return good


def run(
    name: str,
    perform: Callable[[Step], str],
    *,
    needed: Sequence[str],
    usage: str,
    scratch: Path | None = None,
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
    settings: Path = site.FILE,
) -> int:
    """Runs ``perform`` as the program ``pkgci-NAME``; returns the exit status. It takes no arguments but --help.

    ``perform`` returns in one line why it passed, or raises ``Ended``. ``needed`` are the variables that must be there.
    ``scratch`` is below which folder the step's own one is made; the default is the system's.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    environment = os.environ if environment is None else environment
    if list(arguments) in (["--help"], ["-h"]):
        print(usage.strip())
        return 0
    try:
        if arguments:
            raise Ended(Status.MISUSED, f"it takes no arguments: `pkgci-{name} --help`")
        inputs = reading.read(environment, needed)
        known = site.read(settings)
    except Ended as ended:
        print(f"pkgci-{name}: {ended.reason}", file=sys.stderr)
        return ended.status.value
    stop = Stop()
    stop.listen()
    try:
        _check_results(inputs.results)
        with tempfile.TemporaryDirectory(prefix=f"pkgci-{name}-", dir=scratch, ignore_cleanup_errors=True) as own:
            return _perform(name, perform, inputs, known, stop, Path(own)).value
    except OSError as error:
        print(f"pkgci-{name}: {error}", file=sys.stderr)
        return Status.INFRASTRUCTURE.value


def _perform(
    name: str, perform: Callable[[Step], str], inputs: Inputs, settings: Settings, stop: Stop, scratch: Path
) -> Status:
    started, clock = datetime.now(timezone.utc), time.monotonic()  # noqa: UP017 (Python 3.10)
    with files.create(inputs.results / LOG) as file:
        log = Log(file, f"pkgci-{name}")
        step = Step(name, inputs, settings, log, stop, Programs(log, stop, scratch), scratch)
        try:
            status, reason = Status.PASSED, perform(step)
        except Ended as ended:
            status, reason = ended.status, ended.reason
        except OSError as error:
            status, reason = Status.INFRASTRUCTURE, f"{error}"
        if step.timing:
            parts = ", ".join(f"{part} {taken:.1f} s" for part, taken in step.timing.items())
            log.say(f"timing: {parts}; {time.monotonic() - clock:.1f} s in all")
            step.details["timing"] = {part: round(taken, 1) for part, taken in step.timing.items()}
        log.say(f"{status.word}: {reason}")
    seconds = time.monotonic() - clock
    cases = [*step.cases]
    # What ended it early is in the report, too, beside what was found until then.
    if not cases or (status is not Status.PASSED and all(case.status is not status for case in cases)):
        cases.append(Case(name, status, reason if status is not Status.PASSED else "", seconds=seconds))
    files.write(inputs.results / JUNIT, junit(f"pkgci.{name}", cases))
    # Last: whoever finds it knows that everything else is there.
    files.write(inputs.results / RESULT, result(name, inputs, status, reason, started, seconds, step.details))
    return status


def _check_results(folder: Path) -> None:
    """Makes the folder for the results. Whoever has somebody else's program run by sudo has made one of his own.

    Raises ``OSError``.
    """
    caller = int(os.environ.get("SUDO_UID", 0))
    if not caller:
        folder.mkdir(parents=True, exist_ok=True)
    if folder.is_symlink() or not folder.is_dir() or (caller and folder.stat().st_uid != caller):
        raise OSError(f"RESULTS ({folder}) is no folder of the account that calls: `mkdir -m 777 FOLDER` makes one")

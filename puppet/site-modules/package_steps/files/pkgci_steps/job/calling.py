"""Calling the step's program, the site's own."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..log import Log
from ..programs import Programs, Stop
from ..repository import places
from ..status import Ended, Status
from .results import read_result
from .task import Task, Tree
from .workspace import emptied

PROGRAMS = Path("/usr/local/bin")
# Where its programs leave their results: Puppet makes it (job_runner).
SHARED = Path("/srv/pkgci/results")
AGAIN_SECONDS = 10.0  # before the second attempt


@dataclass(frozen=True)
class Outcome:
    """How the step's program ended, why, in one line, and its result.json."""

    status: Status
    reason: str
    document: Mapping[str, Any] | None = None


@contextmanager
def results_folder(task: Task, own: Path) -> Iterator[Path]:
    """A new folder for what the program leaves, which is gone afterwards. The publisher's account may write there."""
    if not task.action.publishes:
        yield emptied(own / "results")
        return
    folder = Path(tempfile.mkdtemp(prefix="job-", dir=SHARED))
    try:
        folder.chmod(0o777)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def call(
    task: Task,
    results: Path,
    source: Path | None,
    commit: str | None,
    programs: Programs,
    log: Log,
    upstream: Tree | None = None,
) -> Outcome:
    """Runs the site's program for the step, once."""
    program = task.action.program
    command = [str(PROGRAMS / program)]
    if task.action.publishes:
        command = ["sudo", "-n", "-u", account(task), *command]
    log.say(f"running {program}")
    status = programs.run(command, environment=task.told(results, source, commit, upstream))
    return judged(program, status, read_result(results))


def account(task: Task) -> str:
    """The account on the publisher that does it: each is another one's, and none has a key."""
    desk = places.desk_of(places.own(task.inputs(task.workspace))) if task.action.of_target else places.RELEASE
    return places.ACCOUNTS[desk]


def judged(program: str, status: int, document: Mapping[str, Any] | None) -> Outcome:
    """What the exit status of a step's program means. It counts only with a result that says the same."""
    if status == Status.MISUSED.value:
        return Outcome(Status.MISUSED, f"{program} was called wrongly: its log says why", document)
    known = next((known for known in Status if known.value == status), None)
    if known is None or document is None or document.get("status") != known.word:
        how = f"was ended by signal {-status}" if status < 0 else f"ended with exit status {status}"
        return Outcome(Status.INFRASTRUCTURE, f"{program} {how}, and left no result that says so", document)
    reason = str(document.get("reason") or "").split("\n")[0][:500]
    return Outcome(known, reason or f"{program} gives no reason", document)


def once_more(work: Callable[[], Outcome], log: Log, stop: Stop, wait: Callable[[float], None] = time.sleep) -> Outcome:
    """Does ``work``, and again where infrastructure was at fault."""
    outcome = work()
    if outcome.status is not Status.INFRASTRUCTURE:
        return outcome
    log.say(f"{outcome.status.word}: {outcome.reason}")
    log.say(f"trying once more in {AGAIN_SECONDS:g} s")
    wait(AGAIN_SECONDS)
    if stop.asked:
        raise Ended(Status.ABORTED, stop.reason)
    return work()

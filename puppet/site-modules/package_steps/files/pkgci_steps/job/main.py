"""The program pkgci-job: one step, from Jenkins' call to its exit status."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .. import processes
from .. import settings as site
from ..log import Log
from ..programs import Stop
from ..report import result
from ..status import Ended, Status
from ..step import RESULT
from ..text import in_line, json_text
from ..tidy import removed
from .calling import Outcome
from .keeper import is_kept, keep
from .log_server import SETTINGS, Access, LogServer, read_log_server
from .refusing import leave_word
from .runner import Runner, Way
from .streaming import Stream
from .task import USAGE, Task, read_task
from .uploading import upload
from .workspace import emptied, in_use, own_folder

HELP = f"""{USAGE}

Does one step of a package's way on this slave, and hands its log and its results to the log server. Jenkins calls it.
What the job is for is on the command line, what Zuul asks for in the environment: its parameters (ZUUL_*, LOG_PATH,
PKGCI_…) and Jenkins' (WORKSPACE, JOB_NAME, NODE_NAME, BUILD_URL). A job does nothing for another project than its
own and that with its upstream. The log server is in {SETTINGS}, what is true of the site in {site.FILE}.

Everything that it runs ends with it, and it ends with whoever started it: when Jenkins or its connection goes. First it
ends what an earlier build left in the workspace. A publication that has begun is finished.

The step's program is called as by hand: `pkgci-build --help`. A project with own_steps runs ci/STEP of the change: as
nobody on this host, in a bare system with its programs and a copy of the tree, without a network.

Exit status, whose name is the status in result.json:

    0 passed            nothing is wrong with the package
    1 failed            the package is at fault
    2 misused           the program was called wrongly, or a parameter is not what Zuul sends
    3 infrastructure    something around the package is at fault, twice, or the log could not be kept
    4 skipped           it could not be done, or there was no reason to do it
    143 aborted         somebody ended it, or it took longer than --minutes

A log that could not be kept turns a pass into 3, since nobody could see what passed. Every other result stays what it
is.

On the log server, at LOG_PATH: console.txt, as it grows; job.json, what runs; and at the end the step's files, its
packages below artifacts/, and result.json: the step's own, with job, node, build_url, and the files that were uploaded
and left_out.
"""


def perform(task: Task, mark: str, stop: Stop, settings: Path, log_settings: Path, protocol: str = "https") -> Status:
    """Does the task, as the build that ``mark`` marks, and keeps its log. Raises ``Ended`` where it cannot begin."""
    started, clock = _now(), time.monotonic()
    try:
        own = own_folder(task.workspace, mark, _say)
        upload_folder = emptied(own / "upload")
    except OSError as error:
        raise Ended(Status.INFRASTRUCTURE, f"the workspace cannot be used: {error}") from None
    way = Way()
    with (own / "console.txt").open("wb") as file:
        log = Log(file, "pkgci-job", clock=_now)
        log.say(f"{task.step} of {_whose(task)} on {task.get('NODE_NAME') or 'this host'}")
        server = _log_server(log_settings, log)
        access = Access(task.values["LOG_PATH"], task.values["PKGCI_LOG_TOKEN"])
        stream = _stream(own / "console.txt", server, access, task, started) if server else None
        try:
            Runner(task, own, log, stop, settings, protocol).run(way)
        except Ended as ended:
            way.outcome = Outcome(ended.status, ended.reason)
        except Exception as error:
            way.outcome = Outcome(Status.INFRASTRUCTURE, in_words(error))
        # What got away from the step ends before its log does, however long that takes on its way.
        processes.end(lambda: processes.descendants() - (stream.processes() if stream else set()))
        status = way.outcome.status
        log.say(f"{status.word}: {way.outcome.reason}")
        document = _result(task, way, started, time.monotonic() - clock)
        trouble = _hand_over(upload_folder, document, access, server, stream, log)
        if trouble:
            log.say(f"the log stays in this workspace, on this host: {trouble}")
            return Status.INFRASTRUCTURE if status is Status.PASSED else status
    with suppress(OSError):
        removed(upload_folder)
    return status


def _now() -> datetime:
    return datetime.now(timezone.utc)  # noqa: UP017 (Python 3.10)


def _whose(task: Task) -> str:
    upstream = "" if task.is_of_its_project else f", for a change of its upstream {task.values['ZUUL_PROJECT']},"
    return f"{task.project}{upstream}"


def _say(text: str) -> None:
    """To Jenkins' own log, where there is no other."""
    print(f"pkgci-job: {in_line(text)}", flush=True)


def in_words(error: Exception) -> str:
    """What went wrong, in one line. What is none of the system's errors is a fault of this program: also where."""
    text = " ".join(str(error).split())[:500]
    if isinstance(error, OSError):
        return text
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"a fault of pkgci-job, in {Path(place.filename).name}:{place.lineno}: {type(error).__name__}: {text}"


def _log_server(settings: Path, log: Log) -> LogServer | None:
    try:
        return read_log_server(settings)
    except Ended as ended:
        log.say(f"the log goes nowhere: {ended.reason}")
        return None


def _stream(file: Path, server: LogServer, access: Access, task: Task, started: datetime) -> Stream:
    """Sends the log from now on, with what is known of the job."""
    inputs = task.inputs(file.parent)
    known = json.loads(result(task.step, inputs, Status.SKIPPED, "", started, 0, _of_the_job(task)))
    job = {name: value for name, value in known.items() if name not in ("status", "reason", "duration")}
    stream = Stream(file, server.command("append", access.path), access, job)
    stream.start()
    return stream


def _of_the_job(task: Task) -> dict[str, Any]:
    return {"job": task.get("JOB_NAME"), "build_url": task.get("BUILD_URL"), "node": task.get("NODE_NAME")}


def _result(task: Task, way: Way, started: datetime, seconds: float) -> str:
    """result.json: the job's words, and whatever else the step has to say."""
    more = {**_of_the_job(task), "uploaded": way.kept.files, "left_out": way.kept.left_out}
    inputs = task.inputs(task.workspace)
    document = json.loads(result(task.step, inputs, way.outcome.status, way.outcome.reason, started, seconds, more))
    if task.action.source or way.commit:
        document["commit"] = way.commit
    steps_own = {name: value for name, value in (way.outcome.document or {}).items() if name not in document}
    return json_text({**document, **steps_own})


def _hand_over(
    folder: Path, document: str, access: Access, server: LogServer | None, stream: Stream | None, log: Log
) -> str | None:
    """Gives the log server what it does not have yet, also when somebody asks to stop. Why that is not possible."""
    unwritten = None
    try:
        (folder / RESULT).write_text(document, encoding="utf-8")
    except (OSError, RecursionError) as error:  # the build has moved its workspace away, say
        unwritten = in_words(error)
    if server is None or stream is None:
        return "there is no log server"
    trouble = stream.finish()
    if unwritten:
        return unwritten
    try:
        upload(folder, access, server, log)
    except (Ended, OSError) as problem:
        return str(problem)
    return f"the end of the log could not be sent: {trouble}" if trouble else None


def main(
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
    settings: Path = site.FILE,
    log_settings: Path = SETTINGS,
    protocol: str = "https",
) -> int:
    """The program; its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if list(arguments) in (["--help"], ["-h"]):
        print(HELP.strip())
        return 0
    environment = os.environ if environment is None else environment
    try:
        if not is_kept(environment):
            return keep(environment)
        return _kept(arguments, environment, settings, log_settings, protocol).value
    except Exception as error:
        # Python's own exit status, 1, would say that the package is at fault.
        _say(f"{Status.INFRASTRUCTURE.word}: {in_words(error)}")
        return Status.INFRASTRUCTURE.value


def _upstream_of(settings: Path, project: str) -> str | None:
    known = site.read(settings).projects
    return known[project].source.project if project in known else None


def _kept(
    arguments: Sequence[str], environment: Mapping[str, str], settings: Path, log_settings: Path, protocol: str
) -> Status:
    """The inner half."""
    stop = Stop()
    stop.listen()
    try:
        task = read_task(arguments, environment, lambda project: _upstream_of(settings, project))
        if task.minutes is not None:
            stop.within(task.minutes)
        mark = environment[processes.MARK]
        with in_use(task.workspace, mark, _say), processes.nothing_left():
            return perform(task, mark, stop, settings, log_settings, protocol)
    except Ended as ended:
        _say(ended.reason)
        leave_word(ended, environment, log_settings)
        return ended.status

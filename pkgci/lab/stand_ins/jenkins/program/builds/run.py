"""One build, from its first line in the console to its last."""

from __future__ import annotations

import logging
import secrets
import shlex
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..jobs.definition import Archive, Definition
from ..jobs.record import Build, Result
from ..jobs.store import JobStore
from ..nodes import remote
from ..nodes.agent import Agent
from ..nodes.artifacts import fetch
from ..nodes.ssh import LostNodeError, NodeError, connect
from .environment import BUILD_COOKIE

_LOG = logging.getLogger(__name__)
_ORDER = (Result.SUCCESS, Result.UNSTABLE, Result.FAILURE, Result.NOT_BUILT, Result.ABORTED)


@dataclass
class Control:
    """How others reach a running build: ``abort`` ends it, with a line in its console that says who wanted that."""

    reason: str | None = None
    _aborted: threading.Event = field(default_factory=threading.Event)

    def abort(self, reason: str) -> bool:
        """Ends the build. False where somebody did already."""
        if self._aborted.is_set():
            return False
        self.reason = reason
        self._aborted.set()
        return True


class Console:
    """A build's console log on disk. ``last`` is when it last said something (``time.monotonic``)."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self.last = time.monotonic()

    def say(self, data: bytes) -> None:
        """Adds output as it came."""
        self._file.write(data)
        self.last = time.monotonic()

    def line(self, text: str) -> None:
        """Adds a line of Jenkins' own."""
        self.say(f"{text}\n".encode())

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def run_build(
    build: Build,
    definition: Definition,
    agent: Agent,
    workspace: str,
    values: Callable[[str], dict[str, str]],
    store: JobStore,
    control: Control,
) -> Build:
    """Runs ``build`` on the node and keeps what comes of it. ``values`` gives the environment for a cookie.

    The build that it returns has a result; where the node was lost, ``agent`` knows before this returns.
    """
    console = Console(store.folder_of(build) / "log")
    try:
        result = Result.FAILURE
        try:
            result, build = _steps(build, definition, agent, workspace, values, store, control, console)
        except LostNodeError as error:
            if agent.connected:
                agent.lost(str(error))
            console.line(f"FATAL: {error}")
            console.line(f"ERROR: {agent.name} is offline")
        except NodeError as error:
            agent.suspect(str(error))
            console.line(f"FATAL: {error}")
        except OSError as error:
            _LOG.exception("build %s", build.display_name)
            console.line(f"FATAL: {error}")
        ended = replace(build, result=result, duration=max(1, int(time.time() * 1000) - build.started))
        with suppress(OSError):
            console.line(f"Finished: {result}")
        return store.update(ended)
    finally:
        console.close()


def _steps(
    build: Build,
    definition: Definition,
    agent: Agent,
    workspace: str,
    values: Callable[[str], dict[str, str]],
    store: JobStore,
    control: Control,
    console: Console,
) -> tuple[Result, Build]:
    cookie = secrets.token_hex(16)
    marked = f"{BUILD_COOKIE}={cookie}"
    console.line(build.cause)
    console.line("This is pkgci's stand-in for Jenkins, not Jenkins.")
    console.line("Running as SYSTEM")
    labels = " ".join(label for label in agent.definition.all_labels if label != agent.name)
    console.line(f"Building remotely on {agent.name}{f' ({labels})' if labels else ''} in workspace {workspace}")
    for part in definition.not_done:
        console.line(f"pkgci's stand-in for Jenkins leaves out {part}")
    if definition.impossible:
        console.line(f"ERROR: pkgci's stand-in for Jenkins cannot do {', '.join(definition.impossible)}")
        return Result.FAILURE, build
    client = connect(agent.definition)
    losses = agent.losses

    def why_stop() -> str | None:
        if agent.losses != losses:
            raise LostNodeError("the node went offline during the build")
        return control.reason

    try:
        if definition.clean_before:
            _clean(client, workspace, console)
        result = _build_steps(definition, client, workspace, values(cookie), marked, why_stop, console)
        for archive in definition.archives:
            result, build = _archive(archive, client, workspace, store, build, result, console)
        remote.kill(client, "", marked)
        if definition.clean_after:
            _clean(client, workspace, console)
        return result, build
    finally:
        client.close()


def _build_steps(
    definition: Definition,
    client: Any,
    workspace: str,
    environment: dict[str, str],
    cookie: str,
    asked: Callable[[], str | None],
    console: Console,
) -> Result:
    started = time.monotonic()
    timed_out: list[str] = []

    def why_stop() -> str | None:
        limit = definition.timeout
        reason = asked()
        if reason is not None:
            return reason
        if limit is not None and time.monotonic() - (console.last if limit.idle else started) > limit.seconds:
            timed_out.append(f"Build timed out (after {limit.seconds / 60:g} minutes). Marking the build as ")
            return timed_out[0]
        return None

    result = Result.SUCCESS
    for step in definition.builders:
        script = step.command.replace("\r\n", "\n")
        line = shlex.join((*remote.shell_line(script), f"{workspace}@tmp/script.sh"))
        console.line(f"[{workspace.rpartition('/')[2]}] $ {line}")
        ended = remote.run(client, remote.program(script, workspace, environment), console.say, why_stop, cookie)
        if timed_out:
            result = Result.FAILURE if definition.timeout and definition.timeout.fail else Result.ABORTED
            console.line(f"{timed_out[0]}{'failed' if result is Result.FAILURE else 'aborted'}.")
            return result
        if ended.why is not None:
            console.line(ended.why)
            return Result.ABORTED
        if step.unstable is not None and ended.status == step.unstable:
            result = Result.UNSTABLE
        elif ended.status != 0:
            console.line("Build step 'Execute shell' marked build as failure")
            return Result.FAILURE
    return result


def _archive(
    archive: Archive, client: Any, workspace: str, store: JobStore, build: Build, result: Result, console: Console
) -> tuple[Result, Build]:
    if result is Result.ABORTED or (archive.only_if_successful and result is Result.FAILURE):
        return result, build
    console.line("Archiving artifacts")
    found = fetch(client, workspace, archive.patterns, archive.excludes, store.folder_of(build) / "archive")
    if not found and not archive.allow_empty:
        console.line(f"ERROR: No artifacts found that match the file pattern {archive.patterns!r}")
        result = max(result, Result.FAILURE, key=_ORDER.index)
    return result, replace(build, artifacts=tuple(sorted({*build.artifacts, *found})))


def _clean(client: Any, workspace: str, console: Console) -> None:
    console.line("[WS-CLEANUP] Deleting project workspace...")
    status, said = remote.call(client, 'rm -rf -- "$1" "$1@tmp"\n', (workspace,), timeout=600)
    console.line("[WS-CLEANUP] done" if status == 0 else f"[WS-CLEANUP] {said.strip()}")


def workspace_of(remote_fs: str, job: str, taken: frozenset[str]) -> str:
    """The first free workspace of a job on a node: ``JOB``, ``JOB@2``…"""
    base, number = f"{remote_fs}/workspace/{job}", 1
    while (path := base if number == 1 else f"{base}@{number}") in taken:
        number += 1
    return path

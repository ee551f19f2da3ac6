#!/usr/bin/python3
"""Runs one step of a package's way on a slave, and hands its log to the log server.

Usage: pkgci-job STEP. Jenkins calls it. What to do comes in the environment: Zuul's parameters (ZUUL_*, LOG_PATH),
Jenkins' (WORKSPACE, JOB_NAME…) and the job's own (PKGCI_TARGET). Who started the change controls some of them, so each
is checked before it is used, and none ever reaches a shell. Settings are in /etc/pkgci/job.json.

Exit status, whose name is ``status`` in result.json:

    0 passed            nothing is wrong with the package
    1 failed            the package is at fault
    2 misused           the program was called wrongly, or a parameter is not what Zuul sends
    3 infrastructure    the change could not be fetched, or the log could not be kept: worth another try
    4 skipped           there was no reason to do it
    143 aborted         somebody, or the job's time limit, ended it

A log that could not be kept turns a pass into 3, since nobody could see what passed. Every other result stays what it
is. A step without anything to do passes, and says so.

Uploaded to LOG_PATH: console.txt, the log, and result.json with step, project, target, change, patchset, ref, commit
(what was fetched; null where nothing was), pipeline, job, build_url, node, started (UTC, ISO 8601), duration (seconds),
status and reason (one line).
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import FrameType
from typing import BinaryIO, cast

SETTINGS = Path("/etc/pkgci/job.json")
# Where a step runs what the change brings along. On the publisher, which holds signing keys, no step ever does.
RUNS_THE_CHANGE = ("build", "install", "repotest", "systest")
PUBLISHES = ("publish", "promote")
# What it is told of the build.
TOLD = (
    "ZUUL_PROJECT",
    "ZUUL_BRANCH",
    "ZUUL_CHANGE",
    "ZUUL_PATCHSET",
    "ZUUL_COMMIT",
    "ZUUL_PIPELINE",
    "PKGCI_TARGET",
)

GIT_SECONDS = 900
UPLOAD_SECONDS = 120
PAUSES = (5.0, 20.0)  # seconds before another attempt
GRACE_SECONDS = 10.0  # for what runs, between SIGTERM and SIGKILL
LOG_LIMIT = 64 * 1024 * 1024  # bytes: a change must not fill the log server


class Status(Enum):
    """How a step ended."""

    PASSED = 0
    FAILED = 1
    MISUSED = 2
    INFRASTRUCTURE = 3
    SKIPPED = 4
    ABORTED = 143


class Ended(Exception):  # noqa: N818 (no error: a step may also end early because there is nothing to do)
    """A step is over before its end: how, and why in one line."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


_NAME = r"[A-Za-z0-9_+][A-Za-z0-9._+@=,~-]*"
_PATH = rf"{_NAME}(/{_NAME})*"
# Variable → what it looks like. Empty is a value of its own: Zuul has no ref for what a clock started.
PARAMETERS = {
    "ZUUL_URL": r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?",
    "ZUUL_PROJECT": _PATH,
    "ZUUL_REF": rf"refs/{_PATH}",
    "ZUUL_COMMIT": r"[0-9a-f]{40}([0-9a-f]{24})?",
    "ZUUL_CHANGE": r"[0-9]{1,18}",
    "ZUUL_PATCHSET": r"[0-9]{1,9}",
    "ZUUL_BRANCH": _PATH,
    "ZUUL_PIPELINE": _NAME,
    "LOG_PATH": _PATH,
    "PKGCI_TARGET": _NAME,
    "JOB_NAME": _NAME,
    "NODE_NAME": _NAME,
    "BUILD_URL": r"https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9._~/%@+-]*",
}


@dataclass(frozen=True)
class Task:
    """What is to be done. Every text is harmless as one argument of a program; ``None`` is what was not given."""

    step: str
    workspace: Path
    values: Mapping[str, str]

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    @property
    def ref(self) -> str:
        """What to fetch. A clock's builds have no ref: they build what has been merged."""
        return self.values.get("ZUUL_REF") or f"refs/heads/{self.values.get('ZUUL_BRANCH', 'main')}"


@dataclass(frozen=True)
class LogServer:
    """Where logs go, as rsync over SSH, and how that host is known."""

    host: str
    port: int
    user: str
    key: str
    known_hosts: str

    @property
    def target(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@{host}:"

    @property
    def shell(self) -> str:
        """The command by which rsync connects: it takes one text and splits it at the blanks."""
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "15",
            "GlobalKnownHostsFile": "/dev/null",
            "HostKeyAlias": "log-server",
            "IdentitiesOnly": "yes",
            "ServerAliveInterval": "15",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": self.known_hosts,
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return " ".join(["ssh", "-F", "none", "-p", str(self.port), "-i", self.key, *words])


def read_task(arguments: Sequence[str], environment: Mapping[str, str]) -> Task:
    """What the command line and the environment ask for. Raises ``Ended`` (misused) where they are not right."""
    if len(arguments) != 1 or arguments[0] not in (*RUNS_THE_CHANGE, *PUBLISHES):
        raise Ended(Status.MISUSED, f"usage: pkgci-job {'|'.join((*RUNS_THE_CHANGE, *PUBLISHES))}")
    step = arguments[0]
    workspace = Path(environment.get("WORKSPACE", ""))
    if not workspace.is_absolute() or not workspace.is_dir():
        raise Ended(Status.MISUSED, "WORKSPACE is not a folder: is this a Jenkins job?")
    values = {name: environment[name] for name in PARAMETERS if environment.get(name)}
    for name, value in values.items():
        if not re.fullmatch(PARAMETERS[name], value) or ".." in value or len(value) > 500:
            raise Ended(Status.MISUSED, f"{name} is not acceptable: {value[:100]!a}")
    needed = ["ZUUL_PROJECT", "LOG_PATH", *(["ZUUL_URL"] if step in RUNS_THE_CHANGE else [])]
    if missing := [name for name in needed if name not in values]:
        raise Ended(Status.MISUSED, f"{missing[0]} is missing: jobs are started by Zuul")
    if "ZUUL_REF" in values and "ZUUL_COMMIT" not in values:
        raise Ended(Status.MISUSED, "ZUUL_COMMIT is missing: what is fetched could not be checked")
    return Task(step, workspace, values)


def read_settings(path: Path) -> LogServer:
    """The log server of the settings file. Raises ``Ended`` (infrastructure)."""
    try:
        return LogServer(**json.loads(path.read_text())["log_server"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Ended(Status.INFRASTRUCTURE, f"{path}: {error}") from None


class Log:
    """The step's log: in a file, and on standard output as long as somebody reads that."""

    def __init__(self, file: BinaryIO, limit: int = LOG_LIMIT) -> None:
        self._file = file
        self._left = limit

    def say(self, text: str) -> None:
        """One line of our own: never cut off."""
        self._write(f"pkgci-job: {text}\n".encode())

    def add(self, output: bytes) -> None:
        """Output of what runs, up to the limit."""
        if self._left <= 0:
            return
        self._write(output[: self._left])
        self._left -= len(output)
        if self._left <= 0:
            self._write(b"\n")
            self.say("the log is too long: the rest is left out")

    def _write(self, output: bytes) -> None:
        self._file.write(output)
        self._file.flush()
        try:
            sys.stdout.buffer.write(output)
            sys.stdout.buffer.flush()
        except OSError:
            pass  # Jenkins has hung up: the file still gets everything


class Stop:
    """Whether somebody asked this program to end. Uploading the log goes on nevertheless."""

    def __init__(self) -> None:
        self.asked = False

    def ask(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True


class Programs:
    """Runs programs, each as a process group of its own which ends with it, also when this program is asked to stop."""

    def __init__(self, log: Log, stop: Stop) -> None:
        self._log = log
        self._stop = stop

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, seconds: float | None = None
    ) -> int:
        """The exit status, negative where a signal ended it. Its output is added to the log.

        Raises ``Ended``: aborted where this program is asked to stop, infrastructure after ``seconds``.
        """
        deadline = time.monotonic() + seconds if seconds else None
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        with cast(BinaryIO, process.stdout) as output, selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            try:
                while process.poll() is None:
                    self._read(selector, output, 0.2)
                    if self._stop.asked:
                        raise Ended(Status.ABORTED, "it was asked to stop")
                    if deadline and time.monotonic() > deadline:
                        raise Ended(Status.INFRASTRUCTURE, f"{command[0]} took longer than {seconds:g} s")
            except Ended:
                _signal_group(process.pid, signal.SIGTERM)
                end = time.monotonic() + GRACE_SECONDS
                while process.poll() is None and time.monotonic() < end:
                    self._read(selector, output, 0.2)
                raise
            finally:
                # Also what it started and left behind. One that made a group of its own may keep the pipe open: the
                # rest is read as far as it is there, and no longer waited for.
                _signal_group(process.pid, signal.SIGKILL)
                process.wait()
                while self._read(selector, output, 0.2):
                    pass
        return process.returncode

    def _read(self, selector: selectors.BaseSelector, output: BinaryIO, seconds: float) -> bool:
        if not selector.get_map():
            time.sleep(seconds)
            return False
        if not selector.select(seconds):
            return False
        if piece := os.read(output.fileno(), 65536):
            self._log.add(piece)
            return True
        selector.unregister(output)
        return False


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def attempts(
    work: Callable[[], int], what: str, log: Log, stop: Stop, wait: Callable[[float], None] = time.sleep
) -> None:
    """Does ``work`` until its exit status is 0. Raises ``Ended`` (infrastructure) after the last attempt."""
    for number, pause in enumerate((*PAUSES, None), start=1):
        try:
            status = work()
        except Ended as ended:
            if ended.status is not Status.INFRASTRUCTURE or pause is None:
                raise
            log.say(ended.reason)
        else:
            if status == 0:
                return
            if pause is None:
                raise Ended(Status.INFRASTRUCTURE, f"could not {what}: exit status {status} in attempt {number}")
        log.say(f"could not {what}: trying again in {pause:g} s")
        wait(pause)
        if stop.asked:
            raise Ended(Status.ABORTED, "it was asked to stop")


def plain_environment(home: Path) -> dict[str, str]:
    """What every program gets: neither Jenkins' variables nor a way to this program's keys."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(home), "LANG": "C.UTF-8"}


def fetch(task: Task, tree: Path, programs: Programs, log: Log, stop: Stop, protocol: str = "https") -> str:
    """Puts the change into ``tree`` and returns its commit. Raises ``Ended`` (infrastructure, aborted)."""
    home = tree.parent
    environment = plain_environment(home) | {
        "GIT_ALLOW_PROTOCOL": protocol,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
    }
    # A server that sends nearly nothing for a minute is given up.
    slow = ("-c", "http.lowSpeedLimit=100", "-c", "http.lowSpeedTime=60")
    url = f"{task.values['ZUUL_URL'].rstrip('/')}/{task.values['ZUUL_PROJECT']}"

    def git(*arguments: str) -> int:
        return programs.run(["git", "-C", str(tree), *arguments], environment, home, GIT_SECONDS)

    def prepare() -> int:
        return git("init", "--quiet", "--template=")

    tree.mkdir(mode=0o700)
    if prepare() != 0:
        raise Ended(Status.INFRASTRUCTURE, "git init failed")
    log.say(f"fetching {task.ref} of {url}")
    attempts(lambda: git(*slow, "fetch", "--quiet", "--no-tags", "--", url, task.ref), "fetch the change", log, stop)
    # The first word of the file that git fetch writes is the commit.
    commit = (tree / ".git" / "FETCH_HEAD").read_text().split()[0]
    expected = task.get("ZUUL_COMMIT") if task.get("ZUUL_REF") else None
    if expected and commit != expected:
        raise Ended(Status.INFRASTRUCTURE, f"{task.ref} is {commit}, and not {expected} as Zuul says")
    if git("checkout", "--quiet", "--detach", commit) != 0:
        raise Ended(Status.INFRASTRUCTURE, f"git could not check out {commit}")
    return commit


def run_the_change(task: Task, tree: Path, programs: Programs, log: Log) -> str:
    """Runs the change's own program for the step, where it brings one. Returns why it passed; raises ``Ended``."""
    program = tree / "ci" / task.step
    if not (program.is_file() and os.access(program, os.X_OK)):
        return f"there is nothing to do yet: the change has no program ci/{task.step}"
    names = {
        "ZUUL_PROJECT",
        "ZUUL_CHANGE",
        "ZUUL_PATCHSET",
        "ZUUL_COMMIT",
        "ZUUL_BRANCH",
        "ZUUL_PIPELINE",
        "PKGCI_TARGET",
    }
    environment = plain_environment(tree.parent) | {name: task.values[name] for name in names & set(task.values)}
    log.say(f"running ci/{task.step}")
    try:
        status = programs.run([str(program)], environment, tree)
    except OSError as error:
        raise Ended(Status.FAILED, f"ci/{task.step} does not start: {error.strerror}") from None
    # Whatever status it picks: it is the change's word, and says nothing of our machines.
    if status < 0:
        raise Ended(Status.FAILED, f"ci/{task.step} was ended by signal {-status}")
    if status > 0:
        raise Ended(Status.FAILED, f"ci/{task.step} ended with exit status {status}")
    return f"ci/{task.step} ended well"


def result_of(task: Task, status: Status, reason: str, commit: str | None, started: datetime, seconds: float, /) -> str:
    """result.json."""
    result = {
        "step": task.step,
        "project": task.get("ZUUL_PROJECT"),
        "target": task.get("PKGCI_TARGET"),
        "change": task.get("ZUUL_CHANGE"),
        "patchset": task.get("ZUUL_PATCHSET"),
        "ref": task.get("ZUUL_REF"),
        "commit": commit,
        "pipeline": task.get("ZUUL_PIPELINE"),
        "job": task.get("JOB_NAME"),
        "build_url": task.get("BUILD_URL"),
        "node": task.get("NODE_NAME"),
        "started": started.isoformat(timespec="seconds"),
        "duration": round(seconds, 1),
        "status": status.name.lower(),
        "reason": reason,
    }
    return json.dumps(result, indent=2) + "\n"


def upload(folder: Path, server: LogServer, programs: Programs, log: Log, stop: Stop) -> None:
    """Adds what is in ``folder`` to the log server. Folders that are missing there come with it."""
    command = [
        "rsync",
        "--recursive",
        "--times",
        "--omit-dir-times",
        f"--rsh={server.shell}",
        f"{folder}/",
        server.target,
    ]
    environment = plain_environment(folder.parent)
    attempts(lambda: programs.run(command, environment, folder, UPLOAD_SECONDS), "keep the log", log, stop)


@contextmanager
def in_use(workspace: Path) -> Iterator[None]:
    """Tells the clean-up of workspaces, by a lock on the folder, that this one is in use; and since when."""
    handle = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        os.utime(handle)
        yield
        os.utime(handle)
    finally:
        os.close(handle)


def emptied(folder: Path) -> Path:
    """``folder``, new and for nobody else. What an earlier build left there goes, read-only or not."""

    if folder.is_symlink():
        folder.unlink()
    if folder.exists():
        folder.chmod(0o700)
        for path, folders, _files in os.walk(folder):
            for inner in (Path(path, name) for name in folders):
                if not inner.is_symlink():
                    inner.chmod(0o700)
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    return folder


def perform(task: Task, settings: Path, stop: Stop, protocol: str = "https") -> Status:
    """Does the task, and keeps its log."""
    started, clock = datetime.now(UTC), time.monotonic()
    try:
        own = emptied(task.workspace / ".pkgci")
    except OSError as error:
        print(f"pkgci-job: the workspace cannot be emptied: {error}", flush=True)
        return Status.INFRASTRUCTURE
    kept = own / "upload" / task.values["LOG_PATH"]
    kept.mkdir(parents=True)
    commit: str | None = None
    with (kept / "console.txt").open("wb") as file:
        log = Log(file)
        programs = Programs(log, stop)
        log.say(f"{task.step} of {task.values['ZUUL_PROJECT']} on {task.get('NODE_NAME') or 'this host'}")
        try:
            if task.step in RUNS_THE_CHANGE:
                commit = fetch(task, own / "tree", programs, log, stop, protocol)
                status, reason = Status.PASSED, run_the_change(task, own / "tree", programs, log)
            else:
                # Nothing of the change is fetched here, let alone run: this host will hold the keys that sign packages.
                status, reason = Status.PASSED, f"there is nothing to {task.step} yet"
        except Ended as ended:
            status, reason = ended.status, ended.reason
        except OSError as error:
            status, reason = Status.INFRASTRUCTURE, f"{error}"
        log.say(f"{status.name.lower()}: {reason}")
        result = result_of(task, status, reason, commit, started, time.monotonic() - clock)
        (kept / "result.json").write_text(result)
        # Whoever serves the log may read it, whatever umask this host has.
        for path in (own / "upload").rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        try:
            upload(own / "upload", read_settings(settings), Programs(log, Stop()), log, Stop())
        except (Ended, OSError) as problem:
            log.say(f"the log stays in this workspace: {problem}")
            return Status.INFRASTRUCTURE if status is Status.PASSED else status
    shutil.rmtree(own / "upload", ignore_errors=True)
    return status


def main(arguments: Sequence[str], environment: Mapping[str, str], settings: Path = SETTINGS) -> int:
    """The program; its exit status."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop.ask)
    try:
        task = read_task(arguments, environment)
    except Ended as ended:
        print(f"pkgci-job: {ended.reason}", flush=True)
        return ended.status.value
    with in_use(task.workspace):
        return perform(task, settings, stop).value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

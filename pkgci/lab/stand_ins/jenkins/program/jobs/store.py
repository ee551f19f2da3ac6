"""Jobs and builds on disk, where the real one has them: ``$JENKINS_HOME/jobs/NAME/{config.xml,builds/N}``."""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ..plugins import installed
from ..xml_text import XmlError
from .definition import Definition, parse_definition, with_disabled
from .normal import as_posted, as_saved
from .record import Build, Result, from_json, to_json

_LOG = logging.getLogger(__name__)
_BAD_CHARACTERS = re.compile(r"[?*/\\%!@#$^&|<>\[\]:;\x00-\x1f]")
_DAY = 24 * 3600


class JobError(Exception):
    """A job that cannot be made or changed as it was asked for."""


class UnknownJobError(JobError):
    """A job or build that is not there."""


@dataclass(frozen=True)
class Job:
    """A job: its name, its config.xml as the real one would keep it, and what it says."""

    name: str
    config: bytes
    definition: Definition


class JobStore:
    """All jobs and their builds. Its methods may be called by any thread; ``on_change`` is told after each change."""

    def __init__(self, home: Path, on_change: Callable[[], None] = lambda: None) -> None:
        self._folder = home / "jobs"
        self._folder.mkdir(mode=0o750, exist_ok=True)
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._builds: dict[str, dict[int, Build]] = {}
        self.on_change = on_change
        for folder in sorted(self._folder.iterdir()):
            self._load(folder)

    # Jobs

    def jobs(self) -> list[Job]:
        """All jobs by name."""
        with self._lock:
            return [self._jobs[name] for name in sorted(self._jobs, key=str.lower)]

    def job(self, name: str) -> Job:
        """The job. Raises ``UnknownJobError``."""
        with self._lock:
            try:
                return self._jobs[name]
            except KeyError:
                raise UnknownJobError(f"no job is named {name!r}") from None

    def create(self, name: str, config: bytes) -> None:
        """Makes a job. Raises ``JobError`` for a name that cannot be, and ``XmlError``."""
        check_name(name)
        with self._lock:
            if name.lower() in (known.lower() for known in self._jobs):
                raise JobError(f"A job already exists with the name ‘{name}’")
            self._put(name, as_posted(config))
        self.on_change()

    def change(self, name: str, config: bytes) -> None:
        """Puts ``config`` in place of what the job has. Raises ``UnknownJobError`` and ``XmlError``."""
        with self._lock:
            self.job(name)
            self._put(name, as_posted(config))
        self.on_change()

    def switch(self, name: str, *, disabled: bool) -> None:
        """Disables or enables a job, and writes it as the real one does then. Raises ``UnknownJobError``."""
        plugins = frozenset(plugin.id for plugin in installed(self._folder.parent))
        config = as_saved(with_disabled(self.job(name).config, disabled), plugins)
        with self._lock:
            self.job(name)
            self._put(name, config)
        self.on_change()

    def delete(self, name: str) -> None:
        """Deletes a job with its builds. Raises ``UnknownJobError``."""
        with self._lock:
            self.job(name)
            del self._jobs[name]
            self._builds.pop(name, None)
            shutil.rmtree(self._folder / name, ignore_errors=True)
        self.on_change()

    # Builds

    def builds(self, job: str) -> list[Build]:
        """A job's builds, the newest first."""
        with self._lock:
            return sorted(self._builds.get(job, {}).values(), key=lambda build: -build.number)

    def build(self, job: str, number: int) -> Build:
        """The build. Raises ``UnknownJobError``."""
        with self._lock:
            try:
                return self._builds[job][number]
            except KeyError:
                raise UnknownJobError(f"job {job!r} has no build {number}") from None

    def next_number(self, job: str) -> int:
        """The number that the job's next build gets."""
        try:
            return int((self._folder / job / "nextBuildNumber").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            with self._lock:
                return max(self._builds.get(job, {}), default=0) + 1

    def start(self, job: str, make: Callable[[int], Build]) -> Build:
        """Begins a build with the job's next number. Raises ``UnknownJobError``."""
        with self._lock:
            self.job(job)
            number = self.next_number(job)
            _write(self._folder / job / "nextBuildNumber", f"{number + 1}\n".encode())
            build = make(number)
            self.folder_of(build).mkdir(parents=True, exist_ok=True)
            (self.folder_of(build) / "log").touch()
            self._keep(build)
            return build

    def update(self, build: Build) -> Build:
        """Keeps what is new of a build: its result, its artifacts. A description that somebody set stays."""
        with self._lock:
            with suppress(UnknownJobError):
                build = replace(build, description=self.build(build.job, build.number).description)
                self._keep(build)
            return build

    def describe(self, job: str, number: int, description: str) -> None:
        """Sets a build's description. Raises ``UnknownJobError``."""
        with self._lock:
            self._keep(replace(self.build(job, number), description=description))

    def delete_build(self, job: str, number: int) -> None:
        """Deletes one build. Raises ``UnknownJobError``."""
        with self._lock:
            build = self.build(job, number)
            del self._builds[job][number]
            shutil.rmtree(self.folder_of(build), ignore_errors=True)

    def discard_old(self, job: str) -> None:
        """Deletes the builds that the job's retention no longer wants. What runs, and the last good one, stay."""
        with self._lock:
            retention = self.job(job).definition.retention
            ended = [build for build in self.builds(job) if build.result is not None]
            good = next((build for build in ended if build.result is Result.SUCCESS), None)
            oldest = (time.time() - retention.days * _DAY) * 1000 if retention.days else 0
            for index, build in enumerate(ended):
                too_many = retention.builds is not None and index >= retention.builds
                if build is not good and (too_many or build.started < oldest):
                    self.delete_build(job, build.number)

    def folder_of(self, build: Build) -> Path:
        """Where a build keeps its console log (``log``) and its artifacts (``archive``)."""
        return self._folder / build.job / "builds" / str(build.number)

    def _put(self, name: str, config: bytes) -> None:
        definition = parse_definition(config)
        folder = self._folder / name
        folder.mkdir(mode=0o750, exist_ok=True)
        _write(folder / "config.xml", config)
        self._jobs[name] = Job(name, config, definition)

    def _keep(self, build: Build) -> None:
        self._builds.setdefault(build.job, {})[build.number] = build
        _write(self.folder_of(build) / "build.json", to_json(build).encode())

    def _load(self, folder: Path) -> None:
        try:
            config = (folder / "config.xml").read_bytes()
            self._jobs[folder.name] = Job(folder.name, config, parse_definition(config))
        except (OSError, XmlError) as error:
            _LOG.warning("cannot load the job %s: %s", folder.name, error)
            return
        for build in _builds_in(folder):
            self._builds.setdefault(folder.name, {})[build.number] = build
            if build.result is None:
                self._interrupted(build)

    def _interrupted(self, build: Build) -> None:
        """A build that ran when Jenkins ended: what it had started may run on, but nobody waits for it."""
        with (self.folder_of(build) / "log").open("a", encoding="utf-8") as log:
            log.write("Jenkins ended while this build ran.\nFinished: ABORTED\n")
        self._keep(replace(build, result=Result.ABORTED))


def check_name(name: str) -> None:
    """Raises ``JobError`` for a name that Jenkins would not take."""
    if not name.strip():
        raise JobError("No name is specified")
    unsafe = _BAD_CHARACTERS.search(name)
    if unsafe:
        raise JobError(f"‘{unsafe[0]}’ is an unsafe character")
    if name.strip() != name or name.endswith("."):
        raise JobError(f"‘{name}’ is not a safe name for a job")


def _builds_in(folder: Path) -> Iterator[Build]:
    for entry in (folder / "builds").glob("*/build.json"):
        try:
            yield from_json(entry.read_text(encoding="utf-8"))
        except (OSError, ValueError, TypeError, KeyError) as error:
            _LOG.warning("cannot load the build %s: %s", entry.parent, error)


def _write(path: Path, content: bytes) -> None:
    """Puts ``content`` there in one step: a reader, or the next start, sees the old or the new."""
    new = path.with_name(f".{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    new.replace(path)

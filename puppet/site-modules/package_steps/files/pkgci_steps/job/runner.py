"""One task of a job, done in its workspace: what it needs is fetched, and its step is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .. import settings as site
from ..limits import bounded, confined
from ..log import Log
from ..programs import Programs, Stop
from ..status import Status
from ..step import Step
from . import trees
from .calling import Outcome, call, once_more, results_folder
from .fetching import fetch, git_environment
from .fetching_layout import LAYOUT_KINDS, fetch_layout
from .own_steps import run_the_change
from .results import Kept, collect
from .task import Task, Tree
from .workspace import emptied


@dataclass
class Way:
    """What becomes of a task on its way."""

    outcome: Outcome = field(default_factory=lambda: Outcome(Status.INFRASTRUCTURE, "nothing was done"))
    commit: str | None = None
    kept: Kept = field(default_factory=Kept)


class Runner:
    """Does one task in its workspace. ``protocol`` is git's."""

    def __init__(self, task: Task, own: Path, log: Log, stop: Stop, settings: Path, protocol: str) -> None:
        self._task = task
        self._own = own
        self._log = log
        self._stop = stop
        self._settings = settings
        self._protocol = protocol
        self._programs = Programs(log, stop, own)

    def run(self, way: Way) -> None:
        """Does the step; what it leaves is in ``upload`` afterwards. Raises ``Ended`` and ``OSError``."""
        task = self._task
        project = site.read(self._settings).project(task.project)
        if project.own_steps:
            way.outcome = self._of_the_change(way)
        else:
            source = self._fetched(way) if task.action.source else None
            upstream = self._upstream(project.source) if task.action.upstream and project.source.project else None
            way.outcome = once_more(lambda: self._of_the_site(way, source, upstream), self._log, self._stop)

    def _of_the_change(self, way: Way) -> Outcome:
        if self._task.action.publishes:
            # Nothing of the change is fetched here, let alone run: this host holds the keys that sign packages.
            return Outcome(Status.PASSED, f"there is nothing to {self._task.step}: the project has steps of its own")
        known, inputs = site.read(self._settings), self._task.inputs(self._own)
        step = Step(self._task.step, inputs, known, self._log, self._stop, self._programs, self._own)
        tree = self._fetched(way)
        with confined(self._programs, known.limits):
            return run_the_change(step, self._task, tree)

    def _of_the_site(self, way: Way, source: Path | None, upstream: Tree | None) -> Outcome:
        with results_folder(self._task, self._own) as results:
            outcome = call(self._task, results, source, way.commit, self._programs, self._log, upstream)
            way.kept = collect(results, outcome.document, emptied(self._own / "upload"))
        return outcome

    def _fetched(self, way: Way) -> Path:
        tree = self._fetch(trees.packaging(self._task), "tree")
        way.commit = tree.commit
        project = site.read(self._settings).project(self._task.project)
        if self._task.step == "build" and not project.own_steps and project.source.kind in LAYOUT_KINDS:
            with self._limited(self._own, "change's source"):
                fetch_layout(
                    self._task, tree.folder, tree.commit, self._programs, self._log, self._stop, self._protocol
                )
        return tree.folder

    def _upstream(self, source: site.Source) -> Tree:
        look = trees.Look(self._programs, self._log, self._stop, git_environment(self._protocol), self._own)
        return self._fetch(trees.upstream(self._task, source, look), "upstream")

    def _fetch(self, wanted: trees.Wanted, name: str) -> Tree:
        with self._limited(self._own, "change's source"):
            return fetch(wanted, self._own / name, self._programs, self._log, self._stop, self._protocol)

    @contextmanager
    def _limited(self, folder: Path, what: str) -> Iterator[None]:
        """What runs meanwhile, in ``folder``, keeps to the limits of a build."""
        limits = site.read(self._settings).limits
        with confined(self._programs, limits), bounded(self._programs, limits, folder, what, limits.minutes):
            yield

"""What is to be done: what Zuul and Jenkins say of it, and what the step's program is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..inputs import LONGEST, NAME, NAMES, PATTERNS, Inputs
from ..inputs import read as read_inputs
from ..status import Ended, Status


@dataclass(frozen=True)
class Action:
    """What a step is. ``program`` is the one of all packages, without its source unless ``source``.

    ``publishes``: it runs on the publisher, as the account whose repositories it changes, and nothing of a change is
    ever fetched or run there. ``of_target``: it is done for one target, and not for all of a project. ``upstream``: it
    needs upstream's files, where these are a project of their own.
    """

    program: str
    source: bool = False
    publishes: bool = False
    of_target: bool = True
    upstream: bool = False


ACTIONS: dict[str, Action] = {
    "build": Action("pkgci-build", source=True, upstream=True),
    "publish": Action("pkgci-publish-review", publishes=True),
    "install": Action("pkgci-install-test"),
    "repotest": Action("pkgci-repotest"),
    "systest": Action("pkgci-systest", source=True),
    "promote": Action("pkgci-promote", publishes=True, of_target=False),
}

# Zuul's variable → the step's, whose pattern it has.
TOLD = {
    "ZUUL_PROJECT": "CHANGE_PROJECT",
    "ZUUL_CHANGE": "CHANGE",
    "ZUUL_PATCHSET": "PATCHSET",
    "ZUUL_PIPELINE": "PIPELINE",
    "ZUUL_BRANCH": "BRANCH",
    "ZUUL_REF": "REF",
    "ZUUL_COMMIT": "COMMIT",
    "ZUUL_CHANGE_IDS": "CHANGES",
    "PKGCI_AHEAD": "AHEAD",
    "PKGCI_GROUP": "GROUP",
    "PKGCI_TREE": "TREE",
    # What the job says of itself, on its command line.
    "PKGCI_PROJECT": "PROJECT",
    "PKGCI_TARGET": "TARGET",
}
# What Zuul makes for each build (zuul: zuul_py3/log_token.py).
LOG_TOKEN = r"[0-9a-f]{64}"  # noqa: S105 (its pattern)
# Variable → what it looks like. Empty is a value of its own: Zuul has no ref for what a clock started.
PARAMETERS = {
    **{name: PATTERNS[told] for name, told in TOLD.items()},
    "ZUUL_URL": r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?",
    "LOG_PATH": NAMES,
    "PKGCI_LOG_TOKEN": LOG_TOKEN,
    "JOB_NAME": NAME,
    "NODE_NAME": NAME,
    "BUILD_URL": r"https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9._~/%@+-]*",
}
# Characters; 500 for the others.
_LONGEST = {name: LONGEST.get(told, 4000) for name, told in TOLD.items() if told in ("CHANGES", "AHEAD")}
USAGE = f"usage: pkgci-job {'|'.join(ACTIONS)} PROJECT [TARGET] [--minutes N]"
# A job of an older pkgci names its step only.
_OUTDATED = f"{USAGE}: if an older pkgci made this job, `pkgci deploy-jobs` updates it"


@dataclass(frozen=True)
class Tree:
    """A checked out commit, in a folder."""

    folder: Path
    commit: str


@dataclass(frozen=True)
class Task:
    """One step to do. Every text is harmless as one argument of a program; ``None`` is what was not given."""

    step: str
    workspace: Path
    values: Mapping[str, str]
    minutes: int | None = None

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    @property
    def action(self) -> Action:
        return ACTIONS[self.step]

    @property
    def project(self) -> str:
        """The project whose package it is."""
        return self.values["PKGCI_PROJECT"]

    @property
    def is_of_its_project(self) -> bool:
        """Whether the change is one of the package's own project, and not of its upstream's."""
        return self.values["ZUUL_PROJECT"] == self.project

    @property
    def ref(self) -> str:
        """What to fetch. A clock's builds have no ref: they build what has been merged."""
        return self.values.get("ZUUL_REF") or f"refs/heads/{self.values.get('ZUUL_BRANCH', 'main')}"

    def told(
        self, results: Path, source: Path | None = None, commit: str | None = None, upstream: Tree | None = None
    ) -> dict[str, str]:
        """The environment of the step's program. ``commit`` and ``upstream`` are what was fetched, where it was."""
        told = {told: self.values[name] for name, told in TOLD.items() if name in self.values}
        told |= {"REF": self.ref, "RESULTS": str(results)}
        if self.is_of_its_project:
            del told["CHANGE_PROJECT"]
        elif "COMMIT" in told:
            told["UPSTREAM_COMMIT"] = told.pop("COMMIT")
        if commit:
            told["COMMIT"] = commit
        if source:
            told["SOURCE"] = str(source)
        if upstream:
            told |= {"UPSTREAM": str(upstream.folder), "UPSTREAM_COMMIT": upstream.commit}
        return told

    def inputs(self, results: Path) -> Inputs:
        """What the step's program makes of it."""
        return read_inputs(self.told(results), ["PROJECT"])


def read_task(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    upstream_of: Callable[[str], str | None] = lambda project: None,
) -> Task:
    """What the command line and the environment ask for. Raises ``Ended`` (misused) where they are not right.

    ``upstream_of`` gives the project with the files of another one's upstream, if they are in one of their own: its
    changes are built, too.
    """
    minutes, words = _minutes(arguments)
    step, project, target = _own_words(words)
    workspace = Path(environment.get("WORKSPACE", ""))
    # A link that a build has put there is replaced before it is used, wherever it leads.
    if not workspace.is_absolute() or not (workspace.is_symlink() or workspace.is_dir()):
        raise Ended(Status.MISUSED, "WORKSPACE is not a folder: is this a Jenkins job?")
    values = {name: environment[name] for name in PARAMETERS if environment.get(name)}
    values.pop("PKGCI_TARGET", None)
    values["PKGCI_PROJECT"] = project
    if target is not None:
        values["PKGCI_TARGET"] = target
    for name, value in values.items():
        longest = _LONGEST.get(name, 500)
        if not re.fullmatch(PARAMETERS[name], value) or ".." in value or len(value) > longest:
            raise Ended(Status.MISUSED, f"{name} is not acceptable: {value[:100]!a}")
    publishes = ACTIONS[step].publishes
    needed = ["ZUUL_PROJECT", "LOG_PATH", "PKGCI_LOG_TOKEN", *([] if publishes else ["ZUUL_URL"])]
    if missing := [name for name in needed if name not in values]:
        raise Ended(Status.MISUSED, f"{missing[0]} is missing: jobs are started by Zuul")
    if values["ZUUL_PROJECT"] not in (project, upstream_of(project)):
        asked = values["ZUUL_PROJECT"]
        raise Ended(Status.MISUSED, f"this job is for {project!a}: it does nothing for {asked} (ZUUL_PROJECT)")
    if "ZUUL_REF" in values and "ZUUL_COMMIT" not in values:
        raise Ended(Status.MISUSED, "ZUUL_COMMIT is missing: what is fetched could not be checked")
    return Task(step, workspace, values, minutes)


def _minutes(arguments: Sequence[str]) -> tuple[int | None, Sequence[str]]:
    """How long the job may take, and what else the command line says."""
    if len(arguments) < 2 or arguments[-2] != "--minutes":
        return None, arguments
    if not re.fullmatch("[1-9][0-9]{0,4}", arguments[-1]):
        raise Ended(Status.MISUSED, USAGE)
    return int(arguments[-1]), arguments[:-2]


def _own_words(arguments: Sequence[str]) -> tuple[str, str, str | None]:
    """The step of the job that calls, its project and, for a step that is done for one, its target."""
    if not arguments or arguments[0] not in ACTIONS:
        raise Ended(Status.MISUSED, USAGE)
    if len(arguments) == 1:
        raise Ended(Status.MISUSED, _OUTDATED)
    step, project, *targets = arguments
    if len(targets) != ACTIONS[step].of_target:
        raise Ended(
            Status.MISUSED, f"{step} is done for {'one target' if ACTIONS[step].of_target else 'all targets'}: {USAGE}"
        )
    return step, project, targets[0] if targets else None

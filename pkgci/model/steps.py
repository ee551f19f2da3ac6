"""The steps of a package's way, and the names of the Jenkins jobs that do them.

``STEPS`` is declared once: the Jenkins jobs, the Zuul layout and the functions that must be registered in Gearman are
made from it. The steps and their limits are the original system's (reference: original-system, "The jobs it ran").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pkgci.model.roles import Role
from pkgci.model.site import Site


class Pipeline(StrEnum):
    """Zuul's pipelines."""

    CHECK = "check"
    GATE = "gate"
    REPUBLISH = "republish"
    PROMOTE = "promote"
    PERIODIC = "periodic"


class Scope(StrEnum):
    """Whether a step is done for each of a project's targets, or once for all of them."""

    TARGET = "target"
    PROJECT = "project"


_TESTED = (Pipeline.CHECK, Pipeline.GATE, Pipeline.REPUBLISH)


@dataclass(frozen=True)
class Step:
    """One step. ``after`` is the step whose success it needs; ``timeout`` is in minutes.

    ``concurrent`` steps may run several times at once, on as many executors as there are. ``retention`` is for how many
    days Jenkins keeps its builds.
    """

    name: str
    role: Role
    title: str
    pipelines: tuple[Pipeline, ...]
    after: str | None = None
    scope: Scope = Scope.TARGET
    timeout: int = 60
    concurrent: bool = True
    retention: int = 30


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("build", Role.SLAVE_BUILD, "builds the packages", (*_TESTED, Pipeline.PERIODIC), timeout=300),
        Step(
            "publish",
            Role.PUBLISHER,
            "publishes them to the change's own repository",
            _TESTED,
            after="build",
            concurrent=False,
        ),
        Step("install", Role.SLAVE_INSTALL, "installs them in a fresh system", _TESTED, after="publish"),
        Step("repotest", Role.SLAVE_INSTALL, "checks that no dependency is broken", _TESTED, after="publish"),
        Step(
            "systest",
            Role.SLAVE_SYSTEST,
            "boots a system with them and tests it",
            _TESTED,
            after="publish",
            timeout=210,
            retention=90,
        ),
        Step(
            "promote",
            Role.PUBLISHER,
            "publishes what was tested to the released repository",
            (Pipeline.PROMOTE,),
            scope=Scope.PROJECT,
            concurrent=False,
        ),
    )
}


@dataclass(frozen=True)
class Job:
    """One Jenkins job: a step of a project, for one target or (``target`` None) for all."""

    name: str
    project: str
    target: str | None
    step: Step


def job_name(project: str, step: Step, target: str | None) -> str:
    """The name of a Jenkins job. Short and flat: the Gearman plugin knows no folders (reference: jenkins)."""
    return "-".join((job_prefix(project), step.name, *([target] if target else [])))


def job_prefix(project: str) -> str:
    """What the names of all jobs of ``project`` begin with."""
    return project.replace("/", "-")


def names_a_step(name: str) -> bool:
    """Whether ``name`` is of the kind that ``job_name`` makes."""
    return any(f"-{step}-" in f"{name}-" for step in STEPS)


def job_steps(name: str, targets: Iterable[str]) -> Iterator[tuple[str, Step, str | None]]:
    """The jobs of the project ``name``, each with its step and target: target by target, in the order of the steps."""
    for target in targets:
        for step in STEPS.values():
            if step.scope is Scope.TARGET:
                yield job_name(name, step, target), step, target
    for step in STEPS.values():
        if step.scope is Scope.PROJECT:
            yield job_name(name, step, None), step, None


def steps_named(job: str, targets: Iterable[str]) -> tuple[str, ...]:
    """The steps whose job ``job`` could be, by its end, in a site with these targets."""
    ends = {
        step.name: [job_name("", step, target) for target in (targets if step.scope is Scope.TARGET else (None,))]
        for step in STEPS.values()
    }
    return tuple(name for name, known in ends.items() if any(job.endswith(end) and job != end for end in known))


def jobs_of(site: Site, project: str) -> Iterator[Job]:
    """The jobs of ``project`` (by its repository), target by target, in the order of the steps."""
    known = site.projects[project]
    for name, step, target in job_steps(known.name, known.targets):
        yield Job(name, project, target, step)


def all_jobs(site: Site) -> tuple[Job, ...]:
    """Every job of the site's projects, in the order of the site file."""
    return tuple(job for project in site.projects for job in jobs_of(site, project))

"""What Zuul notes of builds that it never ran: for tests that call the publisher's programs themselves."""

from __future__ import annotations

from typing import Any, Protocol

from pkgci.model.site import Site
from pkgci.model.steps import Pipeline, jobs_of

RELEASING = (Pipeline.GATE, Pipeline.REPUBLISH)


class Run(Protocol):
    """A run of a pipeline for a change."""

    @property
    def project(self) -> str: ...
    @property
    def change(self) -> str: ...
    @property
    def patchset(self) -> str: ...
    @property
    def pipeline(self) -> str: ...
    @property
    def build_id(self) -> str: ...
    @property
    def commit(self) -> str: ...
    @property
    def tree(self) -> str: ...


def tested(run: Run) -> str:
    """Where the note of a build set is."""
    return f"tested/{run.build_id}.json"


def merged(run: Run) -> str:
    """Where the note of a merge is."""
    return f"merged/{run.change}.json"


def begun(run: Run) -> dict[str, Any]:
    """What is noted when a run begins."""
    words = ("project", "change", "patchset", "pipeline", "commit", "tree")
    return {**{word: getattr(run, word) for word in words}, "branch": "main", "jobs": {}}


def ended(site: Site, run: Run, failed: str = "") -> dict[str, Any]:
    """What is noted when it has ended, and all its jobs passed but those of the step ``failed``."""
    jobs = [job for job in jobs_of(site, run.project) if Pipeline.GATE in job.step.pipelines]
    results = {job.name: "FAILURE" if job.step.name == failed else "SUCCESS" for job in jobs}
    return {**begun(run), "jobs": {name: {"result": result, "voting": True} for name, result in results.items()}}

"""What a layout means: which jobs it has where, and what of the live queues it would drop. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Zuul does this one itself, without a worker.
NOOP = "noop"


@dataclass(frozen=True)
class Loss:
    """A change that a new layout takes out of the queue, or (``job``) one of its running jobs."""

    pipeline: str
    project: str
    change: str
    job: str | None = None

    def __str__(self) -> str:
        what = f"change {self.change}" if self.change else "the branch"
        if self.job:
            return f"{self.pipeline}: the job {self.job} of {what} ({self.project}) is stopped"
        return f"{self.pipeline}: {what} ({self.project}) is dropped"


Jobs = dict[tuple[str, str], frozenset[str]]


def jobs_of(layout: Any) -> Jobs:
    """(Pipeline, project) → the names of its jobs, as Zuul expands a layout. What Zuul would refuse is left out."""
    layout = layout if isinstance(layout, dict) else {}
    pipelines = [name for item in _items(layout, "pipelines") if isinstance(name := item.get("name"), str)]
    templates = {item.get("name"): item for item in _items(layout, "project-templates")}
    found: Jobs = {}
    for project in _items(layout, "projects"):
        name = str(project.get("name"))
        calls = [call for call in project.get("template") or () if isinstance(call, dict)]
        for pipeline in pipelines:
            parts: list[tuple[Any, dict[str, Any]]] = [(project[pipeline], {})] if pipeline in project else []
            for call in calls:
                template = templates.get(call.get("name"), {})
                if pipeline in template:
                    # Zuul gives a template the last part of the project's name.
                    parts.append((template[pipeline], {**call, "name": name.rpartition("/")[2]}))
            if parts:
                found[pipeline, name] = frozenset(job for tree, values in parts for job in _jobs(tree, values))
    return found


def all_names(jobs: Jobs) -> tuple[str, ...]:
    """The names of the jobs that a worker must offer, each once, in alphabetical order."""
    return tuple(sorted({job for names in jobs.values() for job in names} - {NOOP}))


def losses(status: Any, jobs: Jobs) -> tuple[Loss, ...]:
    """What of the live queues (Zuul's status.json) a layout with ``jobs`` would drop."""
    return tuple(_losses(status, jobs))


def _losses(status: Any, jobs: Jobs) -> Iterator[Loss]:
    for pipeline, item in queued(status):
        project, change = str(item.get("project")), str(item.get("id") or "")
        kept = jobs.get((pipeline, project))
        if kept is None:
            yield Loss(pipeline, project, change)
            continue
        for job in item.get("jobs") or ():
            if job.get("name") not in kept and job.get("launch_time") and not job.get("result"):
                yield Loss(pipeline, project, change, str(job["name"]))


def queued(status: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """(Pipeline, change) of what is in Zuul's queues, by its status.json."""
    for pipeline in (status or {}).get("pipelines") or ():
        for queue in pipeline.get("change_queues") or ():
            for head in queue.get("heads") or ():
                for item in head:
                    # What others only depend on has no jobs.
                    if item.get("live", True):
                        yield str(pipeline.get("name")), item


def _items(layout: dict[str, Any], section: str) -> list[dict[str, Any]]:
    items = layout.get(section)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _jobs(tree: Any, values: dict[str, Any]) -> Iterator[str]:
    if isinstance(tree, list):
        for branch in tree:
            yield from _jobs(branch, values)
    elif isinstance(tree, dict):
        for job, inner in tree.items():
            yield from _jobs(job, values)
            yield from _jobs(inner, values)
    elif isinstance(tree, str):
        try:
            yield tree.format(**values) if values else tree
        except (KeyError, IndexError, ValueError):
            return

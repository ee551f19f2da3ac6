"""Many changes in a few lines: what a plan shows in place of a list that nobody reads. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pkgci.jobs.plan import Action, Change
from pkgci.model.plural import counted
from pkgci.model.steps import STEPS, Job
from pkgci.pipelines.contents import Jobs
from pkgci.review.change import Change as ReviewChange

# A longer list is summed up, where nobody asks for all of it.
LONG = 20
# So many rows of a summary are shown.
_ROWS = 20
_NAMES = 3


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """``rows`` in columns, each as wide as it has to be."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def some(names: Sequence[str], shown: int = _NAMES) -> str:
    """The first of ``names``, and how many more there are."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")


def job_table(changes: Sequence[Change], known: Iterable[Job]) -> Iterator[str]:
    """The jobs of each project that change, and how: a row for what becomes of those of one project."""
    jobs = {job.name: job for job in known}
    groups: dict[tuple[Action, str], list[str]] = {}
    for change in changes:
        groups.setdefault((change.action, _project(change.name, jobs)), []).append(change.name)
    rows = [
        (action.value, project, counted(len(names), "job"), _steps(names, jobs))
        for (action, project), names in groups.items()
    ]
    yield from _cut(rows)


def _project(name: str, jobs: Mapping[str, Job]) -> str:
    """Whose job ``name`` is: a project's of the site, or what its name begins with, or the site's own files'."""
    if name in jobs:
        return jobs[name].project
    for step in STEPS:
        head, found, _ = f"{name}-".rpartition(f"-{step}-")
        if found:
            return head
    return "(other jobs)"


def _steps(names: Sequence[str], jobs: Mapping[str, Job]) -> str:
    """What the jobs are: their steps and targets, or their names where they are nobody's."""
    there = [jobs[name] for name in names if name in jobs]
    if len(there) < len(names):
        return some(names)
    steps = [step for step in STEPS if any(job.step.name == step for job in there)]
    targets = dict.fromkeys(job.target for job in there if job.target)
    return ", ".join(steps) + (f" for {', '.join(targets)}" if targets else "")


def same_diffs(changes: Iterable[Change]) -> list[tuple[tuple[str, ...], list[str]]]:
    """The diffs of ``changes``, each once, with the names of the jobs that it is the diff of."""
    found: dict[tuple[str, ...], tuple[tuple[str, ...], list[str]]] = {}
    for change in changes:
        # The two lines of its head are the names.
        found.setdefault(change.diff[2:], (change.diff, []))[1].append(change.name)
    return list(found.values())


def pipeline_table(old: Jobs, new: Jobs) -> Iterator[str]:
    """The projects whose jobs change, with how many they have in each pipeline."""
    pipelines = list(dict.fromkeys(pipeline for pipeline, _ in (*new, *old)))
    rows = []
    for project in dict.fromkeys(project for _, project in (*new, *old)):
        before, after = ({p: jobs.get((p, project)) for p in pipelines} for jobs in (old, new))
        if before == after:
            continue
        how = "added" if not any(before.values()) else "changed" if any(after.values()) else "removed"
        counts = [f"{pipeline} {len(jobs)}" for pipeline, jobs in after.items() if jobs]
        rows.append((how, project, ", ".join(counts)))
    yield from _cut(rows)


def review_table(changes: Iterable[ReviewChange]) -> Iterator[str]:
    """What changes in Gerrit: each once, with the places where it is the same."""
    places: dict[str, list[str]] = {}
    for change in changes:
        places.setdefault(change.what, []).append(change.where)
    yield from _cut([(counted(len(where), "place"), what, some(where, 1)) for what, where in places.items()])


def _cut(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield from table(rows[:_ROWS])
    if len(rows) > _ROWS:
        yield f"… and {counted(len(rows) - _ROWS, 'more row')}"

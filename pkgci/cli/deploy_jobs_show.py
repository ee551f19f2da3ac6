"""What ``pkgci deploy-jobs`` shows: the plan with its diffs, how far it is, and what is missing in Gearman."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from pkgci.cli.say import say
from pkgci.cli.screen import Progress, print_json
from pkgci.cli.summary import LONG, job_table, same_diffs, some
from pkgci.jobs.plan import Action, Change, Plan
from pkgci.model.plural import counted, noun
from pkgci.model.site import Site
from pkgci.model.steps import Job

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
_VERBS = {Action.ADDED: "add", Action.CHANGED: "change"}


def progress() -> Progress:
    """How far it is."""
    return Progress("reading Jenkins' jobs: {} of {}", "writing Jenkins' jobs: {} of {}")


def show_plan(plan: Plan, known: Iterable[Job], *, delete_retired: bool, whole: bool, long: bool) -> None:
    """Writes what changes, and how many jobs that is, to standard output: all of it where it is ``long`` or short.

    New jobs are shown in full where the ``whole`` plan is wanted: there may be hundreds of lines of them. ``known`` are
    the jobs of the site's projects.
    """
    short = len(plan.changes) <= LONG
    diffs = plan.changes if whole and (long or short) else plan.of(Action.CHANGED)
    for diff, names in [(one.diff, [one.name]) for one in diffs] if long else same_diffs(diffs):
        for line in diff:
            say(line, fg=_COLOURS.get(line[:1]))
        if len(names) > 1:
            say(f"The same in {some(names[1:])}.")
        say()
    if long or short:
        for change in plan.changes:
            say(f"{change.action}: {change.name}")
    else:
        for line in job_table(plan.changes, known):
            say(line)
        say("(-v lists every job)", err=True)
    say(summary(plan))
    retired = len(plan.of(Action.RETIRED))
    if retired and not delete_retired:
        say(
            f"{_jobs(retired)} that the site no longer has {noun(retired, 'stays', 'stay')}: "
            f"--delete-retired deletes {noun(retired, 'it', 'them')}",
            err=True,
        )


def summary(plan: Plan) -> str:
    """The plan in one line."""
    counts = [f"{len(plan.of(action))} {action}" for action in Action]
    return f"jobs: {', '.join(counts)}, {plan.unchanged} unchanged"


def question(plan: Plan) -> str:
    """What is asked before a plan is done that deletes jobs."""
    others = [
        f"{_VERBS[action]} {_jobs(len(plan.of(action)))}"
        for action in (Action.ADDED, Action.CHANGED)
        if plan.of(action)
    ]
    deleted = f"delete {_jobs(len(plan.of(Action.RETIRED)))} with all builds"
    return f"{' and '.join((*others, deleted))}?".capitalize()


def progress_of(done: Sequence[Change], to_do: Sequence[Change]) -> str:
    """What was done, of what was to do."""
    if len(done) == len(to_do):
        deleted = sum(change.action is Action.RETIRED for change in done)
        counts = ((len(done) - deleted, "written"), (deleted, "deleted"))
        return ", ".join(f"{_jobs(count)} {how}" for count, how in counts if count) or "nothing written"
    following = to_do[len(done)].name
    return f"{len(done)} of {_jobs(len(to_do))} done; '{following}' may be incomplete: run the command again"


def show_missing(missing: Mapping[str, str], again: str) -> None:
    """Writes what is not registered in Gearman to standard error, and the command that looks ``again``."""
    if not missing:
        return
    say(f"pkgci: not registered in Gearman, so that Zuul cannot start it: {_jobs(len(missing))}", err=True)
    for reason in dict.fromkeys(missing.values()):
        say(f"  {reason}:", err=True)
        for name in (name for name, why in missing.items() if why == reason):
            say(f"    {name}", err=True)
    say(f"  when that is fixed: {again}", err=True)


def print_plan(site: Site, plan: Plan, lacking: Mapping[str, Sequence[str]]) -> None:
    """Writes the plan as JSON to standard output, with what hosts do not know yet."""
    print_json({**plan_data(site, plan), "lacking": dict(lacking)})


def print_result(site: Site, plan: Plan, done: Sequence[Change], missing: Mapping[str, str]) -> None:
    """Writes the plan, what was done of it and what is missing in Gearman as JSON to standard output."""
    print_json({**plan_data(site, plan), "done": [change.name for change in done], "missing_functions": dict(missing)})


def plan_data(site: Site, plan: Plan) -> dict[str, object]:
    """The plan for machines."""
    return {
        "site": site.name,
        "as_declared": not plan.changes and not plan.foreign,
        "unchanged": plan.unchanged,
        "foreign": list(plan.foreign),
        "changes": [
            {key: value for key, value in asdict(change).items() if key not in ("wanted", "live")}
            for change in plan.changes
        ],
    }


def _jobs(count: int) -> str:
    return counted(count, "job")

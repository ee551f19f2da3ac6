"""What ``pkgci deploy-jobs`` shows: the plan with its diffs, how far it is, and what is missing in Gearman."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from pkgci.cli.say import say
from pkgci.cli.screen import Progress, print_json
from pkgci.jobs.plan import Action, Change, Plan
from pkgci.model.site import Site

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
_VERBS = {Action.ADDED: "add", Action.CHANGED: "change"}


def progress() -> Progress:
    """How far it is."""
    return Progress("reading Jenkins' jobs: {} of {}", "writing Jenkins' jobs: {} of {}")


def show_plan(plan: Plan, *, delete_retired: bool, whole: bool) -> None:
    """Writes the diff of each change, then the list of them, and how many they are, to standard output.

    New jobs are shown in full where the ``whole`` plan is wanted: there may be hundreds of lines of them.
    """
    for change in plan.changes if whole else plan.of(Action.CHANGED):
        for line in change.diff:
            say(line, fg=_COLOURS.get(line[:1]))
        say()
    for change in plan.changes:
        say(f"{change.action}: {change.name}")
    say(summary(plan))
    retired = len(plan.of(Action.RETIRED))
    if retired and not delete_retired:
        stay, them = ("stays", "it") if retired == 1 else ("stay", "them")
        say(f"{_jobs(retired)} that the site no longer has {stay}: --delete-retired deletes {them}", err=True)


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
    return f"{len(done)} of {_jobs(len(to_do))} done, '{following}' and what follows perhaps not: run it again"


def show_missing(missing: Mapping[str, str]) -> None:
    """Writes what is not registered in Gearman to standard error."""
    if not missing:
        return
    say(f"pkgci: not registered in Gearman, so that Zuul cannot start it: {_jobs(len(missing))}", err=True)
    for reason in dict.fromkeys(missing.values()):
        say(f"  {reason}:", err=True)
        for name in (name for name, why in missing.items() if why == reason):
            say(f"    {name}", err=True)
    say("  when that is mended: pkgci deploy-jobs", err=True)


def print_plan(site: Site, plan: Plan, lacking: Mapping[str, Sequence[str]]) -> None:
    """Writes the plan as JSON to standard output, with what hosts do not know yet."""
    print_json({**_plan_data(site, plan), "lacking": dict(lacking)})


def print_result(site: Site, plan: Plan, done: Sequence[Change], missing: Mapping[str, str]) -> None:
    """Writes the plan, what was done of it and what is missing in Gearman as JSON to standard output."""
    print_json({**_plan_data(site, plan), "done": [change.name for change in done], "missing_functions": dict(missing)})


def _plan_data(site: Site, plan: Plan) -> dict[str, object]:
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
    return f"{count} job{'' if count == 1 else 's'}"

"""What ``pkgci deploy-review`` shows: the plan, how far it is, and what is left to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

from pkgci.cli.invocation import pasteable
from pkgci.cli.say import say
from pkgci.cli.screen import Progress, print_json
from pkgci.cli.summary import LONG, review_table
from pkgci.model.plural import counted
from pkgci.model.site import Site
from pkgci.review.change import Change
from pkgci.review.plan import Plan

_COLOURS = {"+": "green", "-": "red"}


def progress() -> Progress:
    """How far it is."""
    return Progress("reading what Gerrit has: {} of {} projects", "changing Gerrit: {} of {}")


def warn_of_anybody(url: str) -> None:
    """Says what a Gerrit is that asks nobody for a password."""
    say(
        f"{url}: this Gerrit lets anyone log in as anyone (auth.type DEVELOPMENT_BECOME_ANY_ACCOUNT): "
        "for testing only, never for a site",
        err=True,
    )


def show_plan(plan: Plan, url: str, version: str, *, long: bool) -> None:
    """Writes what differs, by where Gerrit has it, and how much that is, to standard output: see ``LONG``."""
    if long or len(plan.changes) <= LONG:
        for where, group in groupby(plan.changes, key=lambda change: change.where):
            say(where)
            for change in group:
                for line in change.lines:
                    say(f"  {line}", fg=_COLOURS.get(line[:1]))
    else:
        for line in review_table(plan.changes):
            say(line)
        say("(-v shows every change in Gerrit's words)", err=True)
    for hindrance in plan.hindrances:
        say(f"{hindrance.where}: {hindrance.what}", fg="yellow")
        say(f"  {pasteable(hindrance.hint)}")
    say(f"{url} (Gerrit {version}): {summary(plan)}")


def summary(plan: Plan) -> str:
    """The plan in one line."""
    if plan.as_wanted:
        return "has all that the CI needs"
    left = f", {len(plan.hindrances)} left to you" if plan.hindrances else ""
    return f"{counted(len(plan.changes), 'change')} to make{left}"


def print_plan(site: Site, plan: Plan, version: str, done: Sequence[Change]) -> None:
    """Writes the plan, and what was done of it, as JSON to standard output."""
    print_json(
        {
            "site": site.name,
            "version": version,
            "as_declared": plan.as_wanted,
            "changes": [asdict(change) for change in plan.changes],
            "left_to_you": [{**asdict(one), "hint": pasteable(one.hint)} for one in plan.hindrances],
            "done": [change.what for change in done],
        }
    )


def print_nothing(site: Site, why: str, as_json: bool, hint: str | None = None) -> None:
    """Says why there was nothing to do, or nothing could be done."""
    if as_json:
        print_json({"site": site.name, "skipped": why, "hint": hint, "changes": [], "left_to_you": [], "done": []})
        return
    say(f"nothing to do: {why}" if hint is None else why)
    if hint is not None:
        say(f"  {hint}")

"""``pkgci deploy-pipelines``: the Zuul layout, planned, tested by Zuul itself, and put in place of the live one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pkgci.cli.agree import agree, can_ask
from pkgci.cli.failure import Stopped
from pkgci.cli.invocation import invocation, next_command
from pkgci.cli.no_pipelines import tell_no_pipelines
from pkgci.cli.options import deploying_options, one_host_options, site_option
from pkgci.cli.say import say
from pkgci.errors import ExitStatus, UsageError
from pkgci.model.plural import counted

if TYPE_CHECKING:
    from pkgci.model.site import Host
    from pkgci.pipelines.deploy import Plan
    from pkgci.pipelines.layout import Layout

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
# A longer difference is summed up, but with -v.
_SHOWN = 40
_DOING = {
    "test": "Zuul tests the layout",
    "reload": "Zuul reads the layout; what is queued or running goes on",
    "roll back": "Zuul does not take it: the old one comes back",
    "start": "Zuul starts",
}


@click.command(epilog="Examples: pkgci deploy-pipelines --plan, pkgci deploy-pipelines")
@site_option
@deploying_options
@one_host_options
def command(site_file: Path, only_plan: bool, yes: bool, as_json: bool, accept_new_host_keys: bool) -> int:
    """Show how the layout differs from the live one, let Zuul test it, and make Zuul read it.

    A layout that Zuul refuses, or that needs jobs which are not deployed, never replaces the live one, nor does one
    with projects that hosts do not know yet: `pkgci bootstrap` comes first. Where Zuul does not take the new one, the
    old one comes back. Queued and running changes stay, unless their project or pipeline is gone: those are listed
    first, and need a yes. With --plan Zuul tests the layout, too.
    A long difference is summed up; -v shows all of it.
    """
    from pkgci.cli.connect import site_trust
    from pkgci.cli.knowledge import ask_hosts, refuse, show_lacking
    from pkgci.model.load import load_site
    from pkgci.pipelines.deploy import check_jobs, look, plan, replace, test, zuul_host
    from pkgci.pipelines.layout import render
    from pkgci.remote.session import open_session

    site = load_site(site_file)
    if site.gerrit is None:
        return tell_no_pipelines(site, as_json)
    layout = render(site)
    host = zuul_host(site)
    with open_session(site, host, site_trust(site, accept_new_host_keys)) as session:
        planned = plan(layout, look(session, site, layout))
        if not as_json:
            _show(planned, layout, host, long=invocation().verbose > 0)
        lacking = ask_hosts(site, accept_new_host_keys, site.projects) if planned.changes or not only_plan else {}
        if not only_plan:
            refuse(lacking)
        if not planned.changes:
            return _done(planned, host, as_json, deployed=False)
        check_jobs(planned)
        if only_plan:
            show_lacking(lacking)
            test(session, layout, planned)
            _done(planned, host, as_json, deployed=False, lacking=lacking)
            return ExitStatus.NOT_AS_DECLARED
        if planned.losses:
            # A layout that is refused anyway needs no answer.
            test(session, layout, planned)
            _agree(planned, yes=yes, as_json=as_json)
        try:
            replace(session, layout, planned, lambda what: say(_DOING[what], err=True))
        except KeyboardInterrupt as end:
            look_again = f"`{next_command(only_plan=True, yes=None)}` shows how it went"
            raise Stopped(f"What has begun on {host.name} goes on to its end:\n  {look_again}", end) from None
    return _done(planned, host, as_json, deployed=True)


def _show(plan: Plan, layout: Layout, host: Host, *, long: bool) -> None:
    """The plan, for people: what differs and the losses on standard output, remarks on standard error."""
    from pkgci.cli.summary import pipeline_table, some
    from pkgci.pipelines.contents import jobs_of
    from pkgci.pipelines.deploy import live_jobs

    if long or len(plan.diff) <= _SHOWN:
        for line in plan.diff:
            say(line, fg=_COLOURS.get(line[:1]))
    else:
        for line in pipeline_table(live_jobs(plan.live), jobs_of(layout.data)):
            say(line)
        added, removed = (sum(line.startswith(sign) for line in plan.diff) for sign in "+-")
        say(f"the layout: {counted(added, 'line')} added, {removed} removed (-v shows them)")
    if plan.losses:
        say("\nTaken out of Zuul's queues:")
        for loss in plan.losses:
            say(f"  {loss}")
    if not plan.live.running:
        say(f"Zuul does not run on {host.name}: it is started", err=True)
    elif plan.live.pending:
        say(f"Zuul has not read the layout that is on {host.name}: an earlier deployment was interrupted", err=True)
    if plan.missing and not plan.changes:
        say(f"not in Jenkins{_reason(plan)}: {some(plan.missing)}", err=True)
    if plan.idle:
        say(f"no slave offers these jobs now: {some(plan.idle)}", err=True)


def _reason(plan: Plan) -> str:
    return f" ({plan.live.problem})" if plan.live.problem else ""


def _agree(plan: Plan, *, yes: bool, as_json: bool) -> None:
    if not yes and (as_json or not can_ask()):
        lost = counted(len(plan.losses), "change or job", "changes or jobs")
        raise UsageError(
            f"{lost} would be taken out of Zuul's queues, and nobody can be asked",
            f"wait until what runs has ended, or: {next_command(yes=True)}",
        )
    agree("Take them out of the queues?", yes=yes)


def _done(
    plan: Plan, host: Host, as_json: bool, *, deployed: bool, lacking: Mapping[str, tuple[str, ...]] | None = None
) -> int:
    from pkgci.cli.changes import tell_changes

    tell_changes("pipelines changed" if deployed else "pipelines as they were")
    if as_json:
        from pkgci.cli.screen import print_json

        print_json({"host": host.name, "deployed": deployed, **_json(plan), "lacking": lacking or {}})
    elif deployed:
        say(f"Zuul on {host.name} runs with the new layout", err=True)
    elif plan.changes:
        say(f"\nZuul takes this layout. To deploy it: {next_command(only_plan=None)}", err=True)
    else:
        say(f"nothing to do: Zuul on {host.name} runs with this layout", err=True)
    return ExitStatus.AS_DECLARED


def _json(plan: Plan) -> dict[str, Any]:
    return {
        "changes": plan.changes,
        "diff": list(plan.diff),
        "running": plan.live.running,
        "pending": plan.live.pending,
        "taken_out": [str(loss) for loss in plan.losses],
        "missing_jobs": list(plan.missing),
        "idle_jobs": list(plan.idle),
    }

"""``pkgci deploy``: all work items of a site, in order, as one plan."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.agree import agree
from pkgci.cli.invocation import next_command
from pkgci.cli.options import connection_options, deploying_options, site_option
from pkgci.cli.say import say
from pkgci.deploy.items import ITEMS, NAMES
from pkgci.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from pkgci.cli.deploy_run import Ran
    from pkgci.deploy.items import WorkItem
    from pkgci.deploy.resume import Start
    from pkgci.model.site import Site

# What ends a paragraph of the plan on a screen of this width, or less.
_WIDTH = 80
# Work items about what others run, and in which words: a deploy can go on without them.
_OF_OTHERS = {"verify-servers": "the hardware", "deploy-review": "the review", "verify-review": "the review"}


@click.command(epilog="Examples: pkgci deploy, pkgci deploy --yes, pkgci deploy --from bootstrap")
@site_option
@click.option("--from", "first", type=click.Choice(NAMES), metavar="STEP", help=f"Begin with: {', '.join(NAMES)}.")
@deploying_options
@connection_options
@click.pass_context
def command(
    context: click.Context,
    site_file: Path,
    first: str | None,
    only_plan: bool,
    yes: bool,
    as_json: bool,
    parallel: int,
    accept_new_host_keys: bool,
) -> int:
    """Do all work items in order: check the servers, bootstrap, check the network, the review, jobs and pipelines.

    Shows the plan first, and asks. Where a step fails, the deploy stops with the step's exit status, and the next
    `pkgci deploy` goes on with it: steps that were done of the same site file, secrets and pkgci are not done again.
    """
    from pkgci.cli.deploy_plan import expected, lines
    from pkgci.cli.deploy_run import Runner, run_all
    from pkgci.deploy.fingerprint import fingerprint
    from pkgci.deploy.journal import alone, load, save
    from pkgci.deploy.resume import applied, start
    from pkgci.model.load import load_site

    site = load_site(site_file)
    with nullcontext() if only_plan else alone(site):
        now = datetime.now(UTC).isoformat(timespec="seconds")
        last, print_ = load(site), fingerprint(site)
        begin = start(last, print_, first, now)
        _check_secrets(site, begin.items)
        known = expected(site, begin.items)
        for line in lines(site, begin, ITEMS, known, _WIDTH):
            say(line, err=as_json)
        if only_plan:
            return _planned(site, known, begin, as_json, applied=applied(last, print_))
        agree("\nBegin?", yes=yes)
        # The whole plan has had its yes. (What is taken out of Zuul's queues is not in it: see ``Runner``.)
        options = {
            "as_json": as_json,
            "yes": True,
            "if_possible": True,
            "parallel": parallel,
            "accept_new_host_keys": accept_new_host_keys,
        }
        runner = Runner(context, site_file, as_json, options)

        def run(item: WorkItem) -> Ran:
            _head(item, as_json)
            ran = runner.run(item)
            _foot(ran, as_json)
            return ran

        ran = run_all(begin.items, begin.journal, run, lambda journal: save(site, journal))
    if as_json:
        _print_json(site, ran)
    return _told(ran, as_json)


def _planned(site: Site, known: dict[str, str], begin: Start, as_json: bool, *, applied: bool) -> int:
    """The end of a plan: the exit status says whether a deploy would change something."""
    from pkgci.cli.deploy_plan import would_change
    from pkgci.cli.screen import print_json

    names = [item.name for item in begin.items]
    pending = [name for name in names if would_change(name, known[name], applied=applied)]
    if as_json:
        steps = [{"step": name, "would": known[name], "changes": name in pending} for name in names]
        print_json({"site": site.name, "kind": "plan", "as_declared": not pending, "steps": steps})
    else:
        say(f"next: {next_command(only_plan=None)}", err=True)
    return ExitStatus.NOT_AS_DECLARED if pending else ExitStatus.AS_DECLARED


def _check_secrets(site: Site, items: tuple[WorkItem, ...]) -> None:
    """Raises ``UsageError`` where the bootstrap would stop for want of a secret: better said before anything begins."""
    from pkgci.secrets.needs import needs
    from pkgci.secrets.store import SecretStore

    if "bootstrap" not in {item.name for item in items}:
        return
    known = SecretStore.open(site.directory / "secrets").names()
    missing = [name for name in needs(site) if name not in known]
    if missing:
        raise UsageError(f"the site lacks secrets: {', '.join(missing)}", "pkgci secrets init")


def _head(item: WorkItem, as_json: bool) -> None:
    text = f"{NAMES.index(item.name) + 1} of {len(NAMES)}  {item.name}  {datetime.now():%H:%M:%S}"
    say(f"\n{text} {'─' * (_WIDTH - len(text) - 1)}", bold=True, err=as_json)


def _foot(ran: Ran, as_json: bool) -> None:
    from pkgci.cli.bootstrap_result import duration

    words = f": {ran.changes}" if ran.changes else ""
    how = "done" if ran.end.done else f"stopped with exit status {ran.end.status}"
    say(f"{ran.end.item}: {how} in {duration(ran.end.seconds)}{words}", err=True)


def _told(ran: tuple[Ran, ...], as_json: bool) -> int:
    """The last line: what was changed in all, or how to go on."""
    from pkgci.cli.bootstrap_result import duration

    last = ran[-1].end
    if last.done:
        changes = ", ".join(one.changes for one in ran if one.changes)
        seconds = duration(sum(one.end.seconds for one in ran))
        text = f"\ndeployed in {seconds}{f': {changes}' if changes else ''}"
        say(text, fg="green", bold=True, err=as_json)
        for doubt in (one.doubt for one in ran if one.doubt):
            say(doubt, fg="yellow", bold=True, err=as_json)
        say(f"next: {next_command('status')}", err=True)
        return ExitStatus.AS_DECLARED
    say(f"\n{last.item} stopped the deploy. Fix the problem, then resume with:", err=True)
    say(f"  {next_command(first=None)}", err=True)
    if last.item in _OF_OTHERS:
        say(f"Or go on with {_OF_OTHERS[last.item]} as it is:", err=True)
        following = NAMES[NAMES.index(last.item) + 1]
        say(f"  {next_command(first=following)}", err=True)
    return last.status


def _print_json(site: Site, ran: tuple[Ran, ...]) -> None:
    from pkgci.cli.screen import print_json

    print_json(
        {
            "site": site.name,
            "done": ran[-1].end.done,
            "steps": [
                {
                    "step": one.end.item,
                    "status": one.end.status,
                    "began": one.end.began,
                    "seconds": one.end.seconds,
                    "changes": one.changes,
                    "doubt": one.doubt,
                    "result": one.result,
                }
                for one in ran
            ],
        }
    )

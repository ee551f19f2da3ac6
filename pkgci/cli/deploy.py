"""``pkgci deploy``: all work items of a site, in order, as one plan."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.options import connection_options, json_option, site_option
from pkgci.cli.say import say
from pkgci.deploy.items import ITEMS, NAMES
from pkgci.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from pkgci.cli.deploy_run import Ran
    from pkgci.deploy.items import WorkItem
    from pkgci.model.site import Site

# What ends a paragraph of the plan on a screen of this width, or less.
_WIDTH = 80
# Work items about what others run, and in which words: a deploy can go on without them.
_OF_OTHERS = {"verify-servers": "the hardware", "deploy-review": "the review", "verify-review": "the review"}


@click.command(epilog="Examples: pkgci deploy, pkgci deploy --yes, pkgci deploy --from bootstrap")
@site_option
@click.option("--from", "first", type=click.Choice(NAMES), metavar="STEP", help=f"Begin with: {', '.join(NAMES)}.")
@click.option("--yes", is_flag=True, help="Do not ask, for machines.")
@json_option
@connection_options
@click.pass_context
def command(
    context: click.Context,
    site_file: Path,
    first: str | None,
    yes: bool,
    as_json: bool,
    parallel: int,
    accept_new_host_keys: bool,
) -> int:
    """Do all work items in order: check the servers, bootstrap, check the network, the review, jobs and pipelines.

    Shows the plan first, and asks. Where a step fails, the deploy stops with the step's exit status, and the next
    `pkgci deploy` goes on with it: steps that were done of the same site file, secrets and pkgci are not done again.
    """
    from pkgci.cli.deploy_plan import lines
    from pkgci.cli.deploy_run import Runner, run_all
    from pkgci.deploy.fingerprint import fingerprint
    from pkgci.deploy.journal import alone, load, save
    from pkgci.deploy.resume import start
    from pkgci.model.load import load_site

    site = load_site(site_file)
    with alone(site):
        now = datetime.now(UTC).isoformat(timespec="seconds")
        begin = start(load(site), fingerprint(site), first, now)
        _check_secrets(site, begin.items)
        for line in lines(site, begin, ITEMS, _WIDTH):
            say(line, err=as_json)
        if not yes and not _agreed():
            say("nothing was done", err=True)
            return ExitStatus.NOT_AS_DECLARED
        # The whole plan has had its yes.
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
    return _told(ran, site_file, as_json)


def _agreed() -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("a deploy asks before it begins, and nobody can be asked here", "pkgci deploy --yes")
    return click.confirm("\nBegin?", err=True)


def _check_secrets(site: Site, items: tuple[WorkItem, ...]) -> None:
    """Raises ``PkgciError`` where the bootstrap would stop for want of a secret: better said before anything begins."""
    from pkgci.errors import PkgciError
    from pkgci.secrets.needs import needs
    from pkgci.secrets.store import SecretStore

    if "bootstrap" not in {item.name for item in items}:
        return
    known = SecretStore.open(site.directory / "secrets").names()
    missing = [name for name in needs(site) if name not in known]
    if missing:
        raise PkgciError(f"the site lacks secrets: {', '.join(missing)}", "pkgci secrets init")


def _head(item: WorkItem, as_json: bool) -> None:
    text = f"{NAMES.index(item.name) + 1} of {len(NAMES)}  {item.name}  {datetime.now():%H:%M:%S}"
    say(f"\n{text} {'─' * (_WIDTH - len(text) - 1)}", bold=True, err=as_json)


def _foot(ran: Ran, as_json: bool) -> None:
    from pkgci.cli.bootstrap_result import duration

    words = f": {ran.changes}" if ran.changes else ""
    how = "done" if ran.end.done else f"stopped with exit status {ran.end.status}"
    say(f"{ran.end.item}: {how} in {duration(ran.end.seconds)}{words}", err=True)


def _told(ran: tuple[Ran, ...], site_file: Path, as_json: bool) -> int:
    """The last line: what was changed in all, or how to go on."""
    from pkgci.cli.bootstrap_result import command_line, duration

    last = ran[-1].end
    if last.done:
        changes = ", ".join(one.changes for one in ran if one.changes)
        seconds = duration(sum(one.end.seconds for one in ran))
        text = f"\ndeployed in {seconds}{f': {changes}' if changes else ''}"
        say(text, fg="green", bold=True, err=as_json)
        for doubt in (one.doubt for one in ran if one.doubt):
            say(doubt, fg="yellow", bold=True, err=as_json)
        say(f"next: {command_line('status', site_file)}", err=True)
        return ExitStatus.AS_DECLARED
    say(f"\n{last.item} stopped the deploy. Once that is mended, this goes on there:", err=True)
    say(f"  {command_line('deploy', site_file)}", err=True)
    if last.item in _OF_OTHERS:
        say(f"Or go on with {_OF_OTHERS[last.item]} as it is:", err=True)
        following = NAMES[NAMES.index(last.item) + 1]
        say(f"  {command_line('deploy', site_file, '--from', following)}", err=True)
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

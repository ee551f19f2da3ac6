"""``pkgci retire``: a host that has left the site file keeps nothing of the site."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.options import json_option, site_option
from pkgci.cli.say import say
from pkgci.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from pkgci.leavers.memory import Remembered
    from pkgci.model.site import Site
    from pkgci.puppetrun.run import RunResult
    from pkgci.remote.errors import HostError


@click.command(epilog="Examples: pkgci retire build02 --noop, pkgci retire build02, pkgci retire build02 --lost")
@site_option
@click.option("--noop", is_flag=True, help="Show what would be taken away, and change nothing.")
@click.option("--purge", is_flag=True, help="Remove the data of its roles, too.")
@click.option("--lost", is_flag=True, help="The machine is gone, or nobody reaches it: only forget it.")
@click.option("--yes", is_flag=True, help="Do not ask before a purge, for machines.")
@json_option
@click.argument("name", metavar="HOST")
def command(site_file: Path, noop: bool, purge: bool, lost: bool, yes: bool, as_json: bool, name: str) -> int:
    """Take all roles away from HOST, which has left the site file, over SSH as it was last known.

    Its services, keys, accounts, sudo rules and web sites go. Its data stays, and so does what makes it safe to reach:
    the firewall, the administrators and their keys. Then its host keys are forgotten, and what it knew is named: the
    secrets to rotate if somebody else gets the machine.
    """
    from pkgci.cli.bootstrap_leaving import agree_to_purge
    from pkgci.leavers.memory import forget
    from pkgci.model.known_hosts import known_name
    from pkgci.model.load import load_site_with_files
    from pkgci.remote.trust import Trust

    site = load_site_with_files(site_file)
    host = _known(site, name)
    if lost and (noop or purge):
        raise UsageError("--lost cannot be combined with --noop or --purge: the host is not asked for anything")
    if not lost:
        if purge and not noop and not agree_to_purge([name], yes=yes, as_json=as_json):
            return ExitStatus.NOT_AS_DECLARED
        status = _take_away(site, site_file, host, noop=noop, purge=purge, as_json=as_json)
        if status != ExitStatus.AS_DECLARED or noop:
            return status
    forget(site, name)
    Trust.of(site).forget(known_name(host.retired()))
    _say_what_is_next(site, site_file, host, lost=lost)
    return ExitStatus.AS_DECLARED


def _known(site: Site, name: str) -> Remembered:
    """What is remembered of ``name``. Raises ``UsageError`` where it is still in the site, or was never known."""
    from pkgci.leavers.memory import recall
    from pkgci.model.words import nearest

    if name in {host.name for host in site.hosts}:
        raise UsageError(
            f"{name} is a host of {site.path}",
            "take it out of the site file first; roles that only moved leave with `pkgci bootstrap`",
        )
    known = recall(site)
    if name not in known:
        gone = [other for other in known if other not in {host.name for host in site.hosts}]
        raise UsageError(
            f"no host '{name}' is known to have been bootstrapped from {site.directory}{nearest(name, gone)}",
            f"hosts that left: {', '.join(gone) or 'none'}",
        )
    return known[name]


def _take_away(site: Site, site_file: Path, host: Remembered, *, noop: bool, purge: bool, as_json: bool) -> int:
    from pkgci.cli.bootstrap_pack import pack
    from pkgci.cli.bootstrap_progress import progress_on
    from pkgci.cli.bootstrap_result import command_line, json_of, show
    from pkgci.cli.connect import site_trust, status_of
    from pkgci.cli.screen import print_json
    from pkgci.leavers.retiring import site_with
    from pkgci.puppetrun.run import Line, apply
    from pkgci.remote.fanout import each_host
    from pkgci.remote.pool import POOL
    from pkgci.remote.session import open_session

    retired = host.retired()
    site = site_with(site, retired)
    packed = pack(site, [retired], noop=noop, purge=purge)
    progress = progress_on(sys.stderr, [host.name])
    trust = site_trust(site, False, progress.paused)
    line = Line(lambda one: open_session(site, one, trust), lambda: POOL.interrupted)
    results: dict[str, RunResult | HostError]
    with progress:
        results = each_host(
            [retired],
            lambda one: apply(packed.deployment, one, line, progress.advance, packed.redact),
            parallel=1,
            done=lambda one, result: progress.end(one.name, result),
        )
    if as_json:
        print_json(json_of(results))
    else:
        options = [word for word, given in (("--noop", noop), ("--purge", purge)) if given]
        again = command_line("retire", site_file, host.name, *options)
        then = command_line("retire", site_file, host.name) if noop else command_line("bootstrap", site_file)
        show(results, noop=noop, again=again, then=then)
    return status_of(results, all(not isinstance(one, Exception) and one.ok for one in results.values()))


def _say_what_is_next(site: Site, site_file: Path, host: Remembered, *, lost: bool) -> None:
    """The other hosts have to stop trusting the host; and what it knew, somebody may have read."""
    from pkgci.cli.bootstrap_result import command_line
    from pkgci.leavers.retiring import to_rotate

    say(
        f"{host.name} is forgotten. The other hosts stop trusting its addresses and keys with the next run:\n"
        f"  {command_line('bootstrap', site_file)}",
        err=True,
    )
    names = to_rotate(site, host)
    if names:
        why = "It still has these secrets" if lost else "It had these secrets: if anybody else gets the machine's disk"
        say(f"{why}, make them anew:", err=True)
        for name in names:
            say(f"  {command_line('secrets rotate', site_file, name)}", err=True)

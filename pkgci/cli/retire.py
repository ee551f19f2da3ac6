"""``pkgci retire``: a host that has left the site file keeps nothing of the site."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.invocation import next_command
from pkgci.cli.options import json_option, one_host_options, site_option, yes_option
from pkgci.cli.say import say
from pkgci.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from pkgci.leavers.memory import Remembered
    from pkgci.model.site import Site
    from pkgci.puppetrun.result import RunResult
    from pkgci.remote.errors import HostError
    from pkgci.remote.trust import Trust

    # Leaves the terminal to a question for as long as it takes.
    Paused = Callable[[], AbstractContextManager[None]]


@click.command(epilog="Examples: pkgci retire build02 --noop, pkgci retire build02, pkgci retire build02 --lost")
@site_option
@click.option("--noop", is_flag=True, help="Show what would be taken away, and change nothing.")
@click.option("--purge", is_flag=True, help="Remove the data of its roles, too.")
@click.option("--lost", is_flag=True, help="The machine is gone, or nobody reaches it: only forget it.")
@yes_option
@json_option
@one_host_options
@click.argument("name", metavar="HOST")
def command(
    site_file: Path,
    noop: bool,
    purge: bool,
    lost: bool,
    yes: bool,
    as_json: bool,
    accept_new_host_keys: bool,
    name: str,
) -> int:
    """Take all roles away from HOST, which has left the site file, over SSH as it was last known.

    Its services, keys, accounts, sudo rules and web sites go. Its data stays, and so does what makes it safe to reach:
    the firewall, the administrators and their keys. Then its host keys are forgotten, and what it knew is named: the
    secrets to rotate if somebody else gets the machine.
    """
    from pkgci.cli.bootstrap_leaving import agree_to_purge
    from pkgci.cli.connect import site_trust
    from pkgci.cli.screen import print_json
    from pkgci.leavers.memory import forget
    from pkgci.model.known_hosts import known_name
    from pkgci.model.load import load_site_with_files
    from pkgci.remote.trust import Trust

    site = load_site_with_files(site_file)
    host = _known(site, name)
    if lost and (noop or purge):
        raise UsageError("--lost cannot be combined with --noop or --purge: the host is not asked for anything")
    if not lost:
        if purge and not noop:
            agree_to_purge([name], yes=yes, as_json=as_json)
        trust = partial(site_trust, site, accept_new_host_keys)
        status = _take_away(site, trust, host, noop=noop, purge=purge, as_json=as_json)
        if status != ExitStatus.AS_DECLARED or noop:
            return status
    forget(site, name)
    Trust.of(site).forget(known_name(host.retired()))
    if lost and as_json:
        print_json({"host": host.name, "forgotten": True})
    _say_what_is_next(site, host, lost=lost)
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


def _take_away(
    site: Site,
    trusting: Callable[[Paused, Callable[[], bool]], Trust],
    host: Remembered,
    *,
    noop: bool,
    purge: bool,
    as_json: bool,
) -> int:
    from pkgci.cli.bootstrap_pack import pack
    from pkgci.cli.bootstrap_progress import progress_on
    from pkgci.cli.bootstrap_result import json_of, show
    from pkgci.cli.connect import status_of
    from pkgci.cli.screen import print_json
    from pkgci.leavers.retiring import site_with
    from pkgci.puppetrun.run import Line, apply
    from pkgci.remote.fanout import each_host
    from pkgci.remote.pool import Pool
    from pkgci.remote.session import open_session

    retired = host.retired()
    site = site_with(site, retired)
    progress = progress_on(sys.stderr, [host.name])
    pool = Pool()
    trust = trusting(progress.paused, lambda: pool.interrupted)
    packed = pack(site, [retired], trust.text(), noop=noop, purge=purge)
    line = Line(lambda one: open_session(site, one, trust, pool), lambda: pool.interrupted)
    results: dict[str, RunResult | HostError]
    with progress:
        results = each_host(
            [retired],
            lambda one: apply(packed.deployment, one, line, progress.advance, packed.redact),
            pool,
            parallel=1,
            done=lambda one, result: progress.end(one.name, result),
        )
    if as_json:
        print_json(json_of(results))
    else:
        then = next_command(noop=None) if noop else next_command("bootstrap")
        show(results, noop=noop, again=next_command(), then=then)
    return status_of(results)


def _say_what_is_next(site: Site, host: Remembered, *, lost: bool) -> None:
    """The other hosts have to stop trusting the host; and what it knew, somebody may have read."""
    from pkgci.leavers.retiring import to_rotate

    say(
        f"{host.name} is forgotten. The other hosts stop trusting its addresses and keys with the next run:\n"
        f"  {next_command('bootstrap')}",
        err=True,
    )
    names = to_rotate(site, host)
    if names:
        why = "It still has these secrets" if lost else "It had these secrets: if anybody else gets the machine's disk"
        say(f"{why}, make them anew:", err=True)
        for name in names:
            say(f"  {next_command('secrets rotate', name)}", err=True)

"""``pkgci bootstrap``: from the site file to configured hosts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.failure import Stopped
from pkgci.cli.invocation import next_command
from pkgci.cli.options import connection_options, hosts_options, json_option, site_option, yes_option
from pkgci.cli.say import say
from pkgci.errors import UsageError
from pkgci.model.plural import counted

if TYPE_CHECKING:
    from pkgci.model.selection import Selection
    from pkgci.model.site import Host, Site
    from pkgci.puppetrun.result import RunResult
    from pkgci.remote.errors import HostError


@click.command(epilog="Examples: pkgci bootstrap --noop, pkgci bootstrap --role zuul, pkgci bootstrap --rerun failed")
@site_option
@hosts_options
@click.option(
    "--noop",
    is_flag=True,
    help="Show what a run would change, and change nothing (but install Puppet where it is missing).",
)
@click.option("--purge", is_flag=True, help="Remove the data of roles that a host no longer has, too.")
@yes_option
@click.option("--rerun", type=click.Choice(["failed"]), help="Only the hosts that failed, or were not reached, last.")
@json_option
@connection_options
def command(
    site_file: Path,
    selection: Selection,
    noop: bool,
    purge: bool,
    yes: bool,
    rerun: str | None,
    as_json: bool,
    parallel: int,
    accept_new_host_keys: bool,
) -> int:
    """Push the manifests and each host's data, and run Puppet, on all hosts side by side.

    The runs go on by themselves once they have begun: after ^C or a lost connection, the same command follows them
    again. What is missing on a bare host (Puppet, its modules) is installed first.

    A role that has left a host takes its services, keys, accounts and web sites with it; its data stays. Hosts that
    roles have left come first.
    """
    from pkgci.cli.bootstrap_keys import learn
    from pkgci.cli.bootstrap_leaving import agree_to_purge, in_turn, leave
    from pkgci.cli.bootstrap_pack import pack
    from pkgci.cli.bootstrap_progress import progress_on
    from pkgci.cli.bootstrap_result import json_of, show
    from pkgci.cli.changes import tell_changes
    from pkgci.cli.connect import site_trust, status_of
    from pkgci.cli.screen import print_json
    from pkgci.leavers import memory
    from pkgci.model.load import load_site_with_files
    from pkgci.puppetrun.history import remember
    from pkgci.puppetrun.progress import Phase, Progress
    from pkgci.puppetrun.result import RunResult
    from pkgci.puppetrun.run import Line, apply
    from pkgci.remote.pool import Pool
    from pkgci.remote.session import Session, open_session

    site = load_site_with_files(site_file)
    selected = _selected(site, selection, rerun)
    names = [host.name for host in selected]
    left = leave(site, selected, noop=noop)
    if purge and not noop:
        agree_to_purge(names, yes=yes, as_json=as_json)
    progress = progress_on(sys.stderr, names)
    pool = Pool()
    trust = site_trust(site, accept_new_host_keys, progress.paused, lambda: pool.interrupted)
    known = trust.text()
    # What the site lacks is said before anybody is asked for anything.
    packed = pack(site, selected, known, noop=noop, purge=purge)
    away = learn(site, selected, trust, pool, parallel=parallel) if site.manifests is None else {}
    if trust.text() != known:
        packed = pack(site, selected, trust.text(), noop=noop, purge=purge)
    line = Line(lambda host: open_session(site, host, trust, pool), lambda: pool.interrupted)

    def connect(host: Host) -> Session:
        if host.name in away:
            raise away[host.name]
        progress.advance(Progress(host.name, Phase.CONNECTING))
        return line.open(host)

    if not noop:
        # A host counts as undone until it is done, whatever ends this command.
        remember(site, dict.fromkeys(names, False))
        memory.begin(site, packed.hosts.values())

    def done(host: Host, result: RunResult | HostError) -> None:
        progress.end(host.name, result)
        if not noop and result.ok:
            remember(site, {host.name: True})
            memory.done(site, packed.hosts[host.name])

    try:
        with progress:
            results = in_turn(
                selected,
                left,
                lambda host: apply(packed.deployment, host, line, progress.advance, packed.redact),
                pool,
                noop=noop,
                parallel=parallel,
                connect=connect,
                done=done,
            )
    except KeyboardInterrupt as end:
        again = f"{next_command()} follows them to their end"
        raise Stopped(f"Runs that have begun go on, on their hosts:\n  {again}", end) from None
    if not noop:
        changed = sum(one.report.changed for one in results.values() if isinstance(one, RunResult) and one.report)
        _furnish(site, results)
        tell_changes(f"{counted(changed, 'change')} on {counted(len(results), 'host')}")
    if as_json:
        print_json(json_of(results))
    else:
        again = next_command() if noop else next_command(rerun="failed")
        show(results, noop=noop, again=again, then=next_command(noop=None) if noop else _following())
    return status_of(results)


def _following() -> str:
    """What comes after a bootstrap."""
    return next_command("verify-connectivity")


def _furnish(site: Site, results: Mapping[str, RunResult | HostError]) -> None:
    """Gives a lab's real Gerrit its people and projects, once Puppet has made it."""
    review = site.own_review
    result = results.get(review.name) if review is not None and site.lab is not None else None
    if result is not None and result.ok:
        from pkgci.lab.real_review import furnish_review

        furnish_review(site, lambda line: say(line, err=True))


def _selected(site: Site, selection: Selection, rerun: str | None) -> tuple[Host, ...]:
    from pkgci.puppetrun.history import undone

    selected = selection.of(site)
    if rerun is None:
        return selected
    wanted = set(undone(site))
    selected = tuple(host for host in selected if host.name in wanted)
    if not selected:
        raise UsageError("no host failed, or was not reached, in the last run", next_command(rerun=None))
    return selected

"""What a bootstrap does about roles and hosts that have left the site file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pkgci.cli.agree import agree
from pkgci.cli.invocation import pasteable
from pkgci.cli.say import say
from pkgci.leavers.leaving import Leaving, check_alone, former_speakers, in_order, leaving, leftovers, speaks
from pkgci.leavers.memory import recall
from pkgci.model.plural import noun
from pkgci.puppetrun.result import RunResult
from pkgci.remote.errors import HostError
from pkgci.remote.fanout import Connect, each_host
from pkgci.remote.pool import Pool

if TYPE_CHECKING:
    from pkgci.model.site import Host, Site

Result = RunResult | HostError


def leave(site: Site, selected: Sequence[Host], *, noop: bool) -> Leaving:
    """What has left ``site``; what this bootstrap of ``selected`` does not take away is told.

    Raises ``UsageError`` where Zuul would be started beside an older one; with ``noop`` nothing is started.
    """
    left = leaving(site, recall(site))
    names = {host.name for host in selected}
    others = {name: roles for name, roles in left.roles.items() if name not in names}
    for one in leftovers(site, Leaving(left.hosts, others)):
        say(pasteable(str(one)), err=True)
    if not noop:
        check_alone(site, left, selected)
    return left


def agree_to_purge(names: Sequence[str], *, yes: bool, as_json: bool) -> None:
    """Asks whether data may be removed. Raises what ``agree`` does."""
    have = noun(len(names), "has", "have")
    agree(f"Remove the data of roles that {', '.join(names)} no longer {have}?", yes=yes, as_json=as_json)


def in_turn(
    selected: Sequence[Host],
    left: Leaving,
    work: Callable[[Host], RunResult],
    pool: Pool,
    *,
    noop: bool,
    parallel: int,
    connect: Connect,
    done: Callable[[Host, Result], None],
) -> dict[str, Result]:
    """What ``work`` gives for each of ``selected``, those first that roles have left.

    Where an old Zuul could not be stopped, no new one is started.
    """
    first, then = in_order(selected, left)
    results: dict[str, Result] = {}
    if first:
        results.update(each_host(first, work, pool, parallel=parallel, connect=connect, done=done))
    speaking = [name for name in former_speakers(left) if not (noop or _stopped(results.get(name)))]

    def careful(host: Host) -> RunResult:
        if speaking and speaks(host):
            raise HostError(
                host.name,
                f"{speaking[0]} may still run Zuul: two would vote on every change",
                f"mend {speaking[0]}, or where it is gone for good take it out of the site file, then "
                f"`pkgci retire {speaking[0]} --lost`",
            )
        return work(host)

    if then:
        results.update(each_host(then, careful, pool, parallel=parallel, connect=connect, done=done))
    return {host.name: results[host.name] for host in selected}


def _stopped(result: Result | None) -> bool:
    return result is not None and result.ok

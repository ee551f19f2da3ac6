"""Where a deployment begins: from the journal of the last one, and what has changed since. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pkgci.deploy.items import ITEMS, NAMES, WorkItem
from pkgci.deploy.journal import Ended, Journal


@dataclass(frozen=True)
class Start:
    """What is to be done, why it begins there, and the journal to go on with. ``done``: what is not done again."""

    items: tuple[WorkItem, ...]
    why: str
    journal: Journal
    done: dict[str, Ended]


def start(last: Journal | None, fingerprint: str, chosen: str | None, now: str) -> Start:
    """Where to begin: with ``chosen`` where it is given, else after what ``last`` has done of the same fingerprint.

    ``now`` (ISO 8601, UTC) is when a new deployment begins.
    """
    new = Journal(now, NAMES[0], fingerprint)
    same = last is not None and last.fingerprint == fingerprint
    if chosen is not None:
        # What was done before stays in the journal: a later choice of an earlier step does it again anyway.
        return Start(_from(chosen), f"begins with {chosen}, as asked", Journal(now, chosen, fingerprint), {})
    if last is None or not last.open:
        return Start(ITEMS, "", new, {})
    if not same:
        return Start(ITEMS, "begins anew: the site or pkgci has changed since the last deploy stopped", new, {})
    if not last.ended:
        return Start(_from(last.first), "", last, {})
    return Start(_from(last.open[0]), f"goes on where the deploy of {_day(last.began)} stopped", last, last.done)


def applied(last: Journal | None, fingerprint: str) -> bool:
    """Whether ``last`` has brought just this to the hosts already."""
    return last is not None and last.fingerprint == fingerprint and "bootstrap" in last.done


def _from(name: str) -> tuple[WorkItem, ...]:
    return ITEMS[NAMES.index(name) :]


def _day(moment: str) -> str:
    return f"{moment[:10]} {moment[11:16]} UTC"

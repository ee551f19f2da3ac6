"""The look at a delivered host: one SSH session, nothing installed, nothing changed."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pkgci.facts.fact import collect, read_from
from pkgci.model.site import Site
from pkgci.remote.errors import HostError
from pkgci.remote.session import Session
from pkgci.servers.collect import Delivered, Delivery
from pkgci.servers.judge import Clock

# The collector bounds its own steps; together they stay below this.
_COLLECT_TIMEOUT = 120.0  # seconds


@dataclass(frozen=True)
class Inspection:
    """What was found on a host."""

    delivered: Delivered
    clock: Clock


def inspect(site: Site, session: Session) -> Inspection:
    """Looks at the host of ``session``. Raises ``HostError``."""
    clock = _clock(session)
    delivery = Delivery(site, session.host)
    answers = collect(session, delivery.facts, at_least=_COLLECT_TIMEOUT)
    return Inspection(read_from(session, delivery.read, answers), clock)


def _clock(session: Session) -> Clock:
    """The best of three questions: the one that was answered fastest knows most."""
    return min((_asked(session) for _ in range(3)), key=lambda clock: clock.uncertainty)


def _asked(session: Session) -> Clock:
    before = time.time()
    answer = session.run("date +%s.%N", sudo=False).stdout.strip()
    after = time.time()
    try:
        return Clock(float(answer) - (before + after) / 2, (after - before) / 2)
    except ValueError:
        raise HostError(session.host.name, f"its clock cannot be read: `date` says {answer!r}") from None

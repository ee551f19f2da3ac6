"""The look at a delivered host: one SSH session, nothing installed, nothing changed."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pkgci.model.site import Site
from pkgci.remote.errors import HostError
from pkgci.remote.session import Session
from pkgci.servers.collect import Delivered, parse, script
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
    host = session.host
    clock = _clock(session)
    completed = session.run("sh -s", stdin=script(site, host), at_least=_COLLECT_TIMEOUT)
    try:
        return Inspection(parse(completed.stdout), clock)
    except ValueError:
        said = completed.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise HostError(host.name, f"the look at the host broke off: {said[0]}") from None


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

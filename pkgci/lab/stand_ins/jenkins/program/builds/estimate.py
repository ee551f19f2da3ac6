"""How long a job's next build will take."""

from __future__ import annotations

from collections.abc import Iterable

from ..jobs.record import Build, Result

_RECENT = 3


def estimate(builds: Iterable[Build]) -> int:
    """The mean of the last three good ones of ``builds`` (the newest first), in milliseconds; -1 for none."""
    recent = [build.duration for build in builds if build.result is Result.SUCCESS][:_RECENT]
    return sum(recent) // len(recent) if recent else -1

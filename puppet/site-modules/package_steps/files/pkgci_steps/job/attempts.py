"""What is tried again, because the network or a server may be back in a moment."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..log import Log
from ..programs import Stop
from ..status import Ended, Status

PAUSES = (5.0, 20.0)  # seconds before another attempt


def attempts(
    work: Callable[[], int], what: str, log: Log, stop: Stop, wait: Callable[[float], None] = time.sleep
) -> None:
    """Does ``work`` until its exit status is 0. Raises ``Ended`` (infrastructure) after the last attempt."""
    for number, pause in enumerate((*PAUSES, None), start=1):
        try:
            status = work()
        except Ended as ended:
            if ended.status is not Status.INFRASTRUCTURE or pause is None:
                raise
            log.say(ended.reason)
        else:
            if status == 0:
                return
            if pause is None:
                raise Ended(Status.INFRASTRUCTURE, f"could not {what}: exit status {status} in attempt {number}")
        log.say(f"could not {what}: trying again in {pause:g} s")
        wait(pause)
        if stop.asked:
            raise Ended(Status.ABORTED, stop.reason)

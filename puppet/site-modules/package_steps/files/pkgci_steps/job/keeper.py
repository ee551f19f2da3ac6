"""The outer half of pkgci-job: starts the inner one, which works, and sees that nothing of the build outlives it.

Jenkins ends a build's processes only while it is there itself. When its agent goes, because Jenkins restarts or the
connection breaks, whatever a build runs would go on, beside the second try of the same build. So the keeper watches the
processes that it was started by, and ends the build with them. Orphans become the keeper's children. Whoever kills the
keeper ends the build, too: the inner half, and the steps' programs, see that whoever started them is gone.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from .. import processes
from ..programs import Stop
from ..status import Status

# The inner half's variable: who its keeper is.
KEEPER = "PKGCI_KEEPER"
# By it Jenkins finds what is left of a build that it ended. Only the keeper is: it gives the rest time for its log.
_COOKIE = "JENKINS_NODE_COOKIE"
LOOK = 0.2  # seconds between two looks
# Seconds that an inner half has for its end, with its log, once nobody waits for it any more. What it runs ends sooner.
PATIENCE = 60.0


def is_kept(environment: Mapping[str, str]) -> bool:
    """Whether this process is the inner half."""
    return processes.MARK in environment and environment.get(KEEPER) == str(os.getppid())


def keep(environment: Mapping[str, str], command: Sequence[str] | None = None) -> int:
    """Runs ``command`` (by default this very program again) as the inner half, to its end; its exit status.

    Nothing that it has started is left afterwards, but what another account runs.
    """
    processes.adopt()
    started_by = processes.above()
    stop = Stop()
    stop.listen()
    inner = {name: value for name, value in environment.items() if name != _COOKIE}
    inner |= {processes.MARK: secrets.token_hex(8), KEEPER: str(os.getpid())}
    worker = subprocess.Popen(
        command or sys.orig_argv, executable=None if command else sys.executable, env=inner, start_new_session=True
    )
    told, deadline = False, None
    while _runs(worker) and (deadline is None or time.monotonic() < deadline):
        if deadline is None and processes.above() != started_by:
            deadline = time.monotonic() + PATIENCE
        if not told and (stop.asked or deadline is not None):
            worker.terminate()
            told = True
    status = worker.poll()
    processes.end(processes.descendants)
    if status is None or status < 0:
        print(f"pkgci-job: it was ended by force{f', by signal {-status}' if status else ''}", flush=True)
        return int((Status.ABORTED if told else Status.INFRASTRUCTURE).value)
    return status


def _runs(worker: subprocess.Popen[bytes]) -> bool:
    try:
        worker.wait(LOOK)
    except subprocess.TimeoutExpired:
        return True
    return False

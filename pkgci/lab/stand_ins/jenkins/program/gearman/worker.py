"""A connection to Gearman that offers functions and gets one job after the other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gear  # type: ignore[import-untyped]

from ..config.gearman_file import Gearman

_LOG = logging.getLogger(__name__)
_KEEPALIVE: dict[str, Any] = {"keepalive": True, "tcp_keepidle": 15, "tcp_keepintvl": 5, "tcp_keepcnt": 3}


class Worker:
    """One Gearman worker in a thread of its own. It reconnects by itself, every two seconds.

    ``ready`` is called before each job is asked for, and may wait; ``handle`` gets the job.
    """

    def __init__(
        self,
        name: str,
        server: Gearman,
        functions: frozenset[str],
        ready: Callable[[Worker], None],
        handle: Callable[[Worker, Any], None],
    ) -> None:
        self.name = name
        self.closed = False
        self._ready, self._handle = ready, handle
        self._lock = threading.Lock()
        self._functions: frozenset[str] = frozenset()
        self._gear = gear.TextWorker(name)
        self._gear.log.setLevel(logging.CRITICAL)
        # The functions come first: a job that is asked for before they are known would be refused.
        self.offer(functions)
        self._gear.addServer(server.host, server.port, **_KEEPALIVE)
        self._thread = threading.Thread(target=self._work, name=f"gearman {name}", daemon=True)
        self._thread.start()

    def offer(self, functions: frozenset[str]) -> None:
        """Offers exactly these functions: all others are forgotten first (RESET_ABILITIES)."""
        with self._lock:
            if self.closed or functions == self._functions:
                return
            self._functions = functions
            names = sorted(functions)
            self._gear.setFunctions([gear.FunctionRecord(name.encode()) for name in names])
            if names:
                # A worker that sleeps is woken for new jobs only: registering asks for what waits already. gear itself
                # does not take its lock there, and may miss the answer: then the worker would never ask again.
                with self._gear.job_lock:
                    self._gear.registerFunction(names[-1])

    def interrupt(self) -> None:
        """Makes the worker ask ``ready`` again before it takes a job."""
        if not self.closed:
            self._gear.stopWaitingForJobs()

    def close(self) -> None:
        """Closes the connection. A job that is under way fails for whoever waits for it.

        It returns at once, and nothing is sent after it: where Gearman cannot be reached, the rest may take a while.
        """
        with self._lock:
            if self.closed:
                return
            self.closed = True
        threading.Thread(target=self._shut_down, daemon=True).start()

    def _shut_down(self) -> None:
        with suppress(Exception):
            self._gear.shutdown()

    def _work(self) -> None:
        while not self.closed:
            self._ready(self)
            if self.closed:
                return
            try:
                job = self._gear.getJob()
            except gear.InterruptedError:
                continue
            except Exception:
                if not self.closed:
                    _LOG.exception("Gearman worker %s", self.name)
                return
            try:
                self._handle(self, job)
            except Exception as error:
                # Gearman may be gone, or the worker closed under the job: the client has been told by the server.
                _LOG.warning("Gearman worker %s: %s: %s", self.name, job.name, error)
                with suppress(Exception):
                    job.sendWorkException(str(error))

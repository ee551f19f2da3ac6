"""The open connections: one per host, shared by all who need it (a jump host serves all hosts behind it), counted."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from pkgci.model.site import Host, Site
from pkgci.remote.connection import Connection, open_link
from pkgci.remote.errors import HostError, UnreachableError
from pkgci.remote.trust import Trust

# A handshake is work, and too many at once take each other's time; to wait for a host's first answer is none.
_HANDSHAKES = 20


@dataclass(eq=False)
class _Door:
    """Serialises connection attempts per host; waiting threads get the same error."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    failures: int = 0
    last: HostError | None = None


class Pool:
    """The open connections of one command."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handshakes = threading.BoundedSemaphore(_HANDSHAKES)
        self._doors: dict[tuple[Path, Host], _Door] = {}
        self._open: dict[tuple[Path, Host], Connection] = {}
        self.interrupted = False

    def acquire(self, site: Site, host: Host, trust: Trust, timeout: float) -> Connection:
        """A connection to ``host``, new or shared. Raises ``HostError``."""
        place = (trust.known_hosts, host)
        with self._lock:
            door = self._doors.setdefault(place, _Door())
            failures = door.failures
        with door.lock:
            with self._lock:
                connection = self._open.get(place)
                if connection is not None and connection.alive:
                    connection.users += 1
                    return connection
            if door.last is not None and door.failures != failures:
                raise door.last
            try:
                connection = self._connect(site, host, trust, timeout)
            except HostError as error:
                door.failures, door.last = door.failures + 1, error
                raise
            with self._lock:
                self._open[place] = connection
            return connection

    def release(self, connection: Connection) -> None:
        """Lets go of ``connection``."""
        with self._lock:
            connection.users -= 1
            if connection.users > 0:
                return
            if self._open.get(connection.place) is connection:
                del self._open[connection.place]
        connection.link.client.close()
        if connection.via is not None:
            self.release(connection.via)

    def cut(self) -> None:
        """Closes every connection at once, and lets nobody open another: who waits on one is told that it is lost."""
        self.interrupted = True
        with self._lock:
            connections = tuple(self._open.values())
        for connection in connections:
            connection.link.client.close()

    def _connect(self, site: Site, host: Host, trust: Trust, timeout: float) -> Connection:
        if self.interrupted:
            raise UnreachableError(host.name, "interrupted")
        via = None if host.ssh.jump is None else self._jump(site, host, trust, timeout)
        try:
            return Connection(
                host, open_link(host, trust, via, timeout, self._handshakes), via, (trust.known_hosts, host)
            )
        except BaseException:
            if via is not None:
                self.release(via)
            raise

    def _jump(self, site: Site, host: Host, trust: Trust, timeout: float) -> Connection:
        jump = site.host(str(host.ssh.jump))
        try:
            return self.acquire(site, jump, trust, timeout)
        except HostError as error:
            raise type(error)(host.name, f"its jump host {jump.name}: {error.reason}", error.hint) from None

"""One node of the configuration: whether it is online, and why not."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from typing import Any

from ..config.model import NodeDefinition
from . import remote
from .ssh import NodeError, connect, is_alive

_LOG = logging.getLogger(__name__)
# The real one's SSH launcher waits longer between its attempts; nobody waits for a stand-in's sake.
RETRY = 3.0
CHECK = 10.0
OLDEST_JAVA = 21
_JAVA_VERSION = re.compile(r'version "(\d+)')


class Agent:
    """A node and its connection. ``on_change`` is told each time it comes or goes."""

    def __init__(self, definition: NodeDefinition, on_change: Callable[[Agent], None]) -> None:
        self.definition = definition
        self.temporarily_offline: str | None = None
        # How often the node was lost: whoever has a connection of his own sees from it that his is dead, too.
        self.losses = 0
        self._on_change = on_change
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ended = False
        self._client: Any = None
        self._problem: str | None = "connecting"
        self._thread = threading.Thread(target=self._watch, name=f"node {definition.name}", daemon=True)

    @property
    def name(self) -> str:
        """The node's name."""
        return self.definition.name

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._client is not None

    @property
    def online(self) -> bool:
        """Whether it takes builds."""
        return self.connected and self.temporarily_offline is None

    @property
    def problem(self) -> str | None:
        """Why it is offline, in words; None where it is online."""
        return self._problem if not self.connected else self.temporarily_offline

    def start(self) -> None:
        """Begins to connect, and stays connected until ``stop``."""
        self._thread.start()

    def stop(self) -> None:
        """Disconnects for good."""
        self._ended = True
        self._wake.set()
        self._lose("the node was deleted")

    def redefine(self, definition: NodeDefinition) -> None:
        """Takes what a reload says of the node: another way to reach it leads to a new connection."""
        old, self.definition = self.definition, definition
        if (old.host, old.port, old.credential, old.host_key) != (
            definition.host,
            definition.port,
            definition.credential,
            definition.host_key,
        ):
            self._lose("the node's launcher was changed")
            self._wake.set()

    def switch(self, reason: str | None) -> None:
        """Takes the node offline for ``reason`` while it stays connected, or (None) back online."""
        self.temporarily_offline = reason
        self._on_change(self)

    def suspect(self, why: str) -> None:
        """A build could not reach the node: it counts as lost unless its own connection still answers.

        This is settled before it returns: what a build that never began is worth to its client depends on it.
        """
        client = self._client
        if client is not None and not is_alive(client):
            self.lost(why)

    def lost(self, why: str) -> None:
        """A build lost its connection: the node counts as offline until a new connection is there."""
        self._count_loss()
        self._lose(why)
        self._wake.set()

    def _watch(self) -> None:
        while not self._ended:
            if self._client is None:
                self._connect()
            elif not is_alive(self._client):
                self._count_loss()
                self._lose("the connection was lost")
                continue
            self._wake.wait(CHECK if self._client is not None else RETRY)
            self._wake.clear()

    def _count_loss(self) -> None:
        self.losses += 1

    def _connect(self) -> None:
        client = None
        try:
            client = connect(self.definition)
            _prepare(client, self.definition)
        except NodeError as error:
            if client is not None:
                client.close()
            if self._problem != str(error):
                _LOG.warning("node %s is offline: %s", self.name, error)
            self._problem = str(error)
            return
        with self._lock:
            self._client, self._problem = client, None
        if self._ended:
            self._lose("the node was deleted")
            return
        _LOG.info("node %s is online", self.name)
        self._on_change(self)

    def _lose(self, why: str) -> None:
        with self._lock:
            client, self._client = self._client, None
            self._problem = why
        if client is not None:
            client.close()
            _LOG.warning("node %s is offline: %s", self.name, why)
            self._on_change(self)


def _prepare(client: Any, node: NodeDefinition) -> None:
    """Checks what the real one's launcher needs: the root directory, and Java. Raises ``NodeError``."""
    status, said = remote.call(
        client,
        'mkdir -p "$1" && cd "$1" && test -w . || { echo "cannot write to $1"; exit 2; }\n"$2" -version 2>&1\n',
        (node.remote_fs, node.java),
    )
    if status == 2:
        raise NodeError(f"the node's root directory: {said.strip()}")
    version = _JAVA_VERSION.search(said)
    if status != 0 or version is None:
        raise NodeError(f"{node.java!r} does not run on the node: {said.strip()[-200:]}")
    if int(version[1]) < OLDEST_JAVA:
        raise NodeError(f"the node has Java {version[1]}, and Jenkins' agent needs {OLDEST_JAVA} or newer")

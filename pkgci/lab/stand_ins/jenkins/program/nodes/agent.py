"""One node of the configuration: whether it is online, and why not."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..config.model import NodeDefinition
from . import remote
from .ssh import NodeError, connect, is_alive

_LOG = logging.getLogger(__name__)
# The real one's SSH launcher waits longer between its attempts; nobody waits for a stand-in's sake.
RETRY = 3.0
CHECK = 10.0
OLDEST_JAVA = 21
# What the real one says of a node that it could not launch, whatever the reason: that is in the node's log.
LAUNCH_FAILED = "This agent is offline because Jenkins failed to launch the agent process on it."
_LOG_LINES = 50
# What is settled when a node is connected.
_CONNECTION = ("host", "port", "credential", "credential_id", "java", "host_key", "remote_fs")
_JAVA_VERSION = re.compile(r'version "(\d+)')


class Agent:
    """A node and its connection. ``on_change`` is told each time it comes or goes."""

    def __init__(self, definition: NodeDefinition, on_change: Callable[[Agent], None]) -> None:
        # What is in force, and what is declared: the latter counts when the node is connected the next time.
        self.definition = self._declared = definition
        self._launched = True
        self.log: tuple[str, ...] = ()
        self.temporarily_offline: str | None = None
        # How often the node was lost: whoever has a connection of his own sees from it that his is dead, too.
        self.losses = 0
        self._on_change = on_change
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ended = False
        self._client: Any = None
        self._problem: str | None = ""
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
        """Takes what a reload says of the node. How it is reached changes when it is connected the next time."""
        self._declared = definition
        live = self.definition
        self.definition = replace(definition, **{name: getattr(live, name) for name in _CONNECTION})

    def switch(self, reason: str | None) -> None:
        """Takes the node offline for ``reason`` while it stays connected, or (None) back online."""
        self.temporarily_offline = reason
        self._on_change(self)

    def disconnect(self, reason: str) -> None:
        """Ends the connection, with what runs over it. It stays away until ``launch``."""
        self._launched = False
        self._count_loss()
        self._lose(reason)
        # Also where there was no connection: the last word counts.
        self._problem = reason

    def launch(self) -> None:
        """Connects now, where there is no connection."""
        if self.connected:
            self._say("The Agent is connected, disconnect it before to try to connect it again.")
        self._launched = True
        self._wake.set()

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
        self._lose("Connection was broken")
        self._say(why)
        self._wake.set()

    def _watch(self) -> None:
        while not self._ended:
            if self._client is None and self._launched:
                self._connect()
            elif self._client is not None and not is_alive(self._client):
                self._count_loss()
                self._lose("Connection was broken")
                continue
            self._wake.wait(CHECK if self._client is not None else RETRY)
            self._wake.clear()

    def _say(self, *lines: str) -> None:
        """Writes into the node's log, which has the last attempts only."""
        self.log = (*self.log, *lines)[-_LOG_LINES:]

    def _count_loss(self) -> None:
        self.losses += 1

    def _connect(self) -> None:
        client = None
        self.definition = self._declared
        self._say(f"[SSH] Opening SSH connection to {self.definition.host}:{self.definition.port}.")
        try:
            client = connect(self.definition)
            _prepare(client, self.definition)
        except NodeError as error:
            if client is not None:
                client.close()
            if str(error) not in self.log:
                _LOG.warning("node %s is offline: %s", self.name, error)
            self._say(str(error), "Launch failed - cleaning up connection", "[SSH] Connection closed.")
            self._problem = LAUNCH_FAILED
            return
        with self._lock:
            self._client, self._problem = client, None
        if self._ended:
            self._lose("the node was deleted")
            return
        _LOG.info("node %s is online", self.name)
        self._say("Agent successfully connected and online")
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

"""The whole stand-in, put together: what it knows, what it runs, and how it starts, reloads and ends."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path

from .builds.environment import Server
from .builds.scheduler import Scheduler
from .config.expand import expander
from .config.faults import ConfigError
from .config.gearman_file import read_gearman_file
from .config.model import Configuration, configuration, faults_of
from .config.sources import parse, read_all
from .gearman.link import GearmanLink
from .jobs.store import JobStore
from .jobs.views import ViewStore
from .nodes.agent import Agent
from .settings import Settings
from .web.security import Gate

_LOG = logging.getLogger(__name__)


class Controller:
    """Everything that lives as long as the process. Its parts are read by the pages and the REST API."""

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        """Reads the configuration. Raises ``ConfigError`` for what the real one would not start with."""
        self.settings = settings
        self._expand = expander(environment, settings.secrets)
        self._key = secrets.token_bytes(32)
        self._reloading = threading.Lock()
        self.configuration = self._read()
        self.gate = self._gate()
        self.agents: dict[str, Agent] = {}
        self._server = Server(str(settings.home), _identity(settings.home))
        self.store = JobStore(settings.home)
        self.views = ViewStore(settings.home)
        self.scheduler = Scheduler(self.store, self._server)
        self._link = GearmanLink(self.scheduler, self.store)
        self.store.on_change = self._jobs_changed

    def start(self) -> None:
        """Connects to the nodes and to Gearman."""
        self._apply()

    def reload(self) -> None:
        """Reads the configuration again. What runs goes on; where it raises ``ConfigError``, nothing has changed."""
        with self._reloading:
            self.configuration = self._read()
            self.gate = self._gate()
            self._apply()
        _LOG.info("the configuration was reloaded")

    def check(self, text: str) -> list[str]:
        """What is wrong with ``text``, a configuration in YAML."""
        try:
            return [str(fault) for fault in faults_of(parse(text, "the request", self._expand))]
        except ConfigError as error:
            return [str(fault) for fault in error.faults]

    def close(self) -> None:
        """Ends all connections. Gearman's clients hear that their builds failed, and may try again.

        What runs on the slaves runs on, as the real one's does.
        """
        self._link.close()
        self.scheduler.close()
        for agent in self.agents.values():
            agent.stop()

    def _read(self) -> Configuration:
        document = read_all(self.settings.casc, self._expand)
        return configuration(document, read_gearman_file(self.settings.home))

    def _gate(self) -> Gate:
        return Gate(self.configuration.passwords, self.configuration.permissions, self._key)

    def _apply(self) -> None:
        wanted = {node.name: node for node in self.configuration.nodes}
        gone = [agent for name, agent in self.agents.items() if name not in wanted]
        new = [Agent(node, self._node_changed) for name, node in wanted.items() if name not in self.agents]
        for name, agent in self.agents.items():
            if name in wanted:
                agent.redefine(wanted[name])
        kept = {name: agent for name, agent in self.agents.items() if name in wanted}
        self.agents = kept | {agent.name: agent for agent in new}
        self.scheduler.configure(self.configuration, self.agents)
        for agent in gone:
            self._link.node_gone(agent.name)
            agent.stop()
        self._link.configure(self.configuration, self.agents.values())
        for agent in new:
            agent.start()

    def _node_changed(self, agent: Agent) -> None:
        if self.agents.get(agent.name) is agent:
            self._link.node_changed(agent)
        self.scheduler.wake()

    def _jobs_changed(self) -> None:
        self._link.jobs_changed(list(self.agents.values()))
        self.scheduler.wake()


def _identity(home: Path) -> str:
    """What marks this Jenkins' processes: made once."""
    file = home / "pkgci-stand-in.identity"
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        identity = secrets.token_hex(16)
        file.write_text(f"{identity}\n")
        return identity

"""The whole stand-in, put together: what it knows, what it runs, and how it starts, reloads and ends."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from .builds.environment import Server
from .builds.scheduler import Scheduler
from .config.expand import expander
from .config.faults import ConfigError, words_of
from .config.gearman_file import read_gearman_file
from .config.model import Configuration, configuration, faults_of
from .config.sources import files, line_of, parse, read_all
from .gearman.link import GearmanLink
from .jobs.store import JobStore
from .jobs.views import ViewStore
from .nodes.agent import Agent
from .settings import Settings
from .web.security import Gate

_LOG = logging.getLogger(__name__)
_CHECKED = "/configuration-as-code/check"


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
        # Told when the process is to start anew.
        self.on_restart: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Connects to the nodes and to Gearman."""
        self._apply()

    def reload(self) -> None:
        """Reads the configuration again. What runs goes on; where it raises ``ConfigError``, nothing has changed."""
        with self._reloading:
            self.configuration = self._read()
            gate = self._gate()
            gate.inherit(self.gate)
            self.gate = gate
            self._apply()
        _LOG.info("the configuration was reloaded")

    def refusal(self, error: ConfigError) -> str:
        """What the real one says of a configuration that it does not take: the first thing that is wrong."""
        fault = error.faults[0]
        for file in files(self.settings.casc):
            line = line_of(file.read_text(encoding="utf-8"), fault.near) if fault.near else None
            if line is not None:
                return words_of(fault, file.name, line)
        return words_of(fault, "", None)

    def check(self, text: str) -> str | None:
        """The first thing that the real one's check finds wrong with ``text``, in its words.

        It passes over types, what is missing, keys that stand twice, and variables that nobody set.
        """
        try:
            faults = faults_of(parse(text, _CHECKED, self._expand))
        except ConfigError as error:
            faults = iter(error.faults)
        found = next((fault for fault in faults if fault.said), None)
        return words_of(found, _CHECKED, line_of(text, found.near)) if found is not None else None

    def quiet(self, *, down: bool) -> None:
        """Lets no build begin, or lets them begin again."""
        _LOG.info("Jenkins is about to shut down" if down else "the shutdown was cancelled")
        self.scheduler.be_quiet(down=down)

    def safe_restart(self) -> None:
        """Starts anew once nothing builds."""
        self.quiet(down=True)
        threading.Thread(target=self._restart_when_idle, name="restart", daemon=True).start()

    def _restart_when_idle(self) -> None:
        self.scheduler.wait_quiet()
        self.on_restart()

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
        return file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        identity = secrets.token_hex(16)
        file.write_text(f"{identity}\n", encoding="utf-8")
        return identity

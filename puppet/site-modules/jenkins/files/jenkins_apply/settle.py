"""Makes the nodes that live what the configuration declares, and believes it when the Gearman server shows it.

What has become true is remembered, and nothing else: what one run cannot do, the next one does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import documents, files
from .geard import Server, disagreement
from .nodes import PAUSE, Clock, Node, Nodes
from .references import is_reference
from .settings import ApplyError
from .validate import nodes_of, part_of

# Workers come within seconds of their node; the Gearman server may be restarted at the same time.
PROOF_SECONDS = 300.0
# Workers that live take other labels from a reload.
LABEL_SECONDS = 30.0
# What of a node is settled when it is connected.
_CONNECTION = ("numExecutors", "launcher", "remoteFS")
# The plugin's own.
_HOST, _PORT = "127.0.0.1", 4730


@dataclass(frozen=True)
class Declared:
    """What a configuration says of nodes and of Gearman.

    ``server`` is None where the plugin is switched off, or where only Jenkins knows what a variable stands for.
    """

    nodes: Mapping[str, Mapping[str, Any]]
    server: Server | None

    @classmethod
    def read(cls, folder: Path) -> Declared:
        """Raises ``DocumentError``."""
        document = documents.merge(documents.read(folder))
        gearman = part_of(part_of(document, "unclassified"), "gearmanPluginConfig")
        enabled = str(gearman.get("enablePlugin")).lower() == "true"
        host, port = str(gearman.get("host") or _HOST), _whole(gearman.get("port"), _PORT)
        known = Server(host, port) if enabled and port is not None and not is_reference(host) else None
        return cls({str(node["name"]): node for node in nodes_of(document)}, known)

    def digest(self, name: str) -> str:
        """What of the node is settled when it is connected."""
        part = {key: self.nodes[name].get(key) for key in _CONNECTION}
        return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()

    @property
    def digests(self) -> dict[str, str]:
        return {name: self.digest(name) for name in self.nodes}

    @property
    def labels(self) -> dict[str, str]:
        return {name: str(node.get("labelString") or "") for name, node in self.nodes.items()}

    def disagreement(self, name: str, workers: Mapping[str, frozenset[str]]) -> str | None:
        """How the workers of a node differ from what is declared, or None."""
        node = self.nodes[name]
        executors, labels = _whole(node.get("numExecutors"), 1), self.labels[name]
        if executors is None or is_reference(labels):
            return None
        return disagreement(name, executors, frozenset(labels.split()), workers)


@dataclass
class Memory:
    """What has become true: node → the digest that it is connected with, and its labels.

    ``pending`` are the nodes that are not proven yet.
    """

    file: Path
    connected: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, file: Path) -> Memory:
        try:
            data = json.loads(files.read(file) or "{}")
            connected, labels = (dict(data.get(name, {})) for name in ("connected", "labels"))
            return cls(file, connected, labels, set(data.get("pending", ())))
        except (ValueError, AttributeError, TypeError):
            return cls(file)

    def write(self) -> None:
        data = {"connected": self.connected, "labels": self.labels, "pending": sorted(self.pending)}
        files.write(self.file, json.dumps(data, indent=1, sort_keys=True) + "\n", 0o600)

    def agrees(self, declared: Declared) -> bool:
        return (self.connected, self.labels) == (declared.digests, declared.labels) and not self.pending


def remember_fresh(memory: Memory, declared: Declared, before: Mapping[str, Node]) -> None:
    """Jenkins starts, or has started, with what is declared: the nodes that were there ``before`` must come back."""
    memory.connected, memory.labels = declared.digests, declared.labels
    memory.pending = {name for name in declared.nodes if name in before and not before[name].away}
    memory.write()


def settle(
    memory: Memory,
    declared: Declared,
    before: Mapping[str, Node],
    nodes: Nodes,
    restart: Callable[[], None],
) -> None:
    """Connects anew what is not as declared, and proves it. Raises ``ApplyError``.

    ``before`` are the nodes before the configuration was read. ``restart`` is for a Jenkins in which this program has
    no account: all that it can do there, is to have Jenkins make every connection again.
    """
    may_change = nodes.jenkins.may_change()
    if may_change:
        # A run that was cut short may have left nodes out of service.
        nodes.release()
    relabelled = _relabelled(memory, declared, before)
    memory.pending |= relabelled
    memory.labels = declared.labels
    _sort(memory, declared, before, nodes if may_change else None)
    if relabelled and declared.server is not None:
        with suppress(ApplyError):
            # Those that do not are connected anew.
            _wait_for_workers(sorted(relabelled), declared, declared.server, nodes.clock, LABEL_SECONDS)
    # Without an account, no further restart brings back what is away, or what somebody holds.
    spared = set() if may_change else {name for name, node in before.items() if node.away or node.held}
    stale = _stale(memory, declared, spared)
    if stale and may_change:
        _connect_anew(stale, memory, declared, nodes)
    elif stale:
        restart()
        memory.connected = declared.digests
        memory.write()
    prove(memory, declared, nodes)


def prove(memory: Memory, declared: Declared, nodes: Nodes) -> None:
    """Waits until the pending nodes are back, with the declared workers in Gearman. Raises ``ApplyError``."""
    if not memory.pending:
        return
    if nodes.jenkins.may_change():
        nodes.release()
    nodes.wait_connected(memory.pending)
    # Somebody took these out of service: they come back when he says so.
    held = {name for name, node in nodes.all().items() if node.held}
    if declared.server is not None:
        _wait_for_workers(sorted(memory.pending - held), declared, declared.server, nodes.clock, PROOF_SECONDS)
    memory.pending = set()
    memory.write()


def _relabelled(memory: Memory, declared: Declared, before: Mapping[str, Node]) -> set[str]:
    """The nodes that stay connected, and of which the workers must serve other labels."""
    return {
        name
        for name, labels in declared.labels.items()
        if labels != memory.labels.get(name)
        and memory.connected.get(name) == declared.digest(name)
        and name in before
        and not before[name].offline
    }


def _sort(memory: Memory, declared: Declared, before: Mapping[str, Node], nodes: Nodes | None) -> None:
    """Tells what must be connected anew from what is connected later: new nodes, and those that are away."""
    memory.connected = {name: digest for name, digest in memory.connected.items() if name in declared.nodes}
    memory.pending &= set(declared.nodes)
    for name, digest in declared.digests.items():
        if memory.connected.get(name) == digest:
            continue
        node = before.get(name)
        if node is not None and not node.away:
            memory.pending.add(name)
        elif name not in memory.pending:
            memory.connected[name] = digest
            if node is not None and nodes is not None:
                nodes.launch(name)
    memory.write()


def _stale(memory: Memory, declared: Declared, spared: Container[str]) -> list[str]:
    """The pending nodes that are connected with other settings, or of which the workers are not the declared ones.

    The workers of those that are ``spared`` are left to the proof.
    """
    workers = _workers(declared.server)
    return [
        name
        for name in sorted(memory.pending)
        if memory.connected.get(name) != declared.digest(name)
        or (workers is not None and name not in spared and declared.disagreement(name, workers) is not None)
    ]


def _workers(server: Server | None) -> dict[str, frozenset[str]] | None:
    try:
        return server.workers() if server is not None else None
    except OSError:
        return None


def _connect_anew(names: list[str], memory: Memory, declared: Declared, nodes: Nodes) -> None:
    def done(name: str) -> None:
        nodes.connect_anew(name)
        memory.connected[name] = declared.digest(name)
        memory.write()

    # Before it is known whether they build: what begins between the question and the end of the connection would fail.
    nodes.hold(names)
    # What Jenkins was about to begin, has begun then.
    nodes.clock.sleep(PAUSE)
    try:
        nodes.wait_idle(names, done)
    except ApplyError as error:
        raise ApplyError(f"what is declared of some nodes does not hold yet: {error}") from None
    finally:
        nodes.release(names)


def _wait_for_workers(names: list[str], declared: Declared, server: Server, clock: Clock, seconds: float) -> None:
    deadline = clock.now() + seconds
    while True:
        try:
            workers = server.workers()
            differs = [text for name in names if (text := declared.disagreement(name, workers))]
        except OSError as error:
            differs = [f"the Gearman server {server} does not answer: {error}"] if names else []
        if not differs:
            return
        if clock.now() >= deadline:
            raise ApplyError(
                f"Jenkins has the configuration, but after {seconds:.0f} s {'; '.join(differs)}. "
                "Run the same again; `systemctl status geard` on Zuul's host and Jenkins' log say more"
            )
        clock.sleep(PAUSE)


def _whole(value: Any, default: int) -> int | None:
    """A number; None where it is a variable's."""
    if value is None:
        return default
    return None if is_reference(value) else int(value)

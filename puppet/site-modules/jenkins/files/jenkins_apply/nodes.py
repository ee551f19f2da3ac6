"""Jenkins' nodes: what they do now, and how they are held, waited for and connected anew.

A reload changes the node and leaves its connection alone: how many workers it has in Gearman, how it is reached and
which host key it must have, is settled when it is connected.
"""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .settings import ApplyError
from .web import Jenkins

# What a node that this program holds says of it: by these words it is known again, also after an interruption.
MARK = "jenkins-apply waits for its builds, then connects it anew"
# A node is back within seconds; its launcher tries four times.
CONNECT_SECONDS = 120.0
LAUNCH_SECONDS = 30.0
DISCONNECT_SECONDS = 30.0
PAUSE = 2.0
_EXECUTORS = "[currentExecutable[fullDisplayName,url]]"
_TREE = (
    "computer[displayName,idle,offline,offlineCauseReason,temporarilyOffline,"
    f"executors{_EXECUTORS},oneOffExecutors{_EXECUTORS}]"
)


@dataclass(frozen=True)
class Clock:
    """Time, which tests make pass."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Node:
    """A node as it is now. ``held``: taken out of service, by a person or by this program."""

    name: str
    idle: bool
    offline: bool
    held: bool
    reason: str = ""
    builds: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        return self.held and MARK in self.reason

    @property
    def away(self) -> bool:
        """Not connected: what is declared of it holds from when it is."""
        return self.offline and not self.held

    def __str__(self) -> str:
        return f"{self.name} builds {', '.join(self.builds) or 'something'}"


@dataclass
class Nodes:
    """The nodes of one Jenkins, and how long to be patient with them."""

    jenkins: Jenkins
    patience: float
    clock: Clock = field(default_factory=Clock)

    def all(self) -> dict[str, Node]:
        """The nodes by name; Jenkins' own is none. Raises ``ApplyError``."""
        computers = self.jenkins.data(f"computer/api/json?tree={_TREE}").get("computer") or []
        found = [_node(item) for item in computers if "MasterComputer" not in str(item.get("_class"))]
        return {node.name: node for node in found}

    def hold(self, names: Iterable[str]) -> None:
        """Lets no further build begin on these nodes; those that run go on."""
        known = self.all()
        for name in names:
            node = known.get(name)
            if node is not None and not node.offline:
                self.jenkins.post(f"computer/{_quoted(name)}/toggleOffline", offlineMessage=MARK)

    def release(self, names: Iterable[str] | None = None) -> None:
        """Gives those back that this program holds; of ``names``, or all."""
        for name, node in self.all().items():
            if node.ours and (names is None or name in names):
                self.jenkins.post(f"computer/{_quoted(name)}/toggleOffline", offlineMessage="")

    def wait_idle(self, names: Iterable[str], done: Callable[[str], None] = lambda name: None) -> None:
        """Waits until these nodes build nothing; ``done`` is told of each. Raises ``ApplyError`` after the patience."""
        waiting, deadline = set(names), self.clock.now() + self.patience
        while True:
            known = self.all()
            busy = {name: known[name] for name in waiting if name in known and not known[name].idle}
            for name in sorted(waiting - set(busy)):
                done(name)
            waiting = set(busy)
            if not busy:
                return
            if self.clock.now() >= deadline:
                said = "; ".join(str(busy[name]) for name in sorted(busy))
                raise ApplyError(
                    f"after {self.patience:.0f} s {said}: run the same again when it has ended, or abort it in Jenkins"
                )
            self.clock.sleep(PAUSE)

    def connect_anew(self, name: str) -> None:
        """Ends the connection of a node that is idle, and lets Jenkins make another."""
        self.jenkins.post(f"computer/{_quoted(name)}/doDisconnect", offlineMessage=MARK)
        # Jenkins ends the connection after it has answered, and launches none that it still has.
        self.clock.sleep(PAUSE)
        self.release([name])
        deadline = self.clock.now() + DISCONNECT_SECONDS
        while self.clock.now() < deadline:
            node = self.all().get(name)
            if node is None or node.offline:
                break
            self.clock.sleep(PAUSE)
        self.launch(name)

    def launch(self, name: str) -> None:
        """Has Jenkins try at once to connect a node that is away."""
        self.jenkins.post(f"computer/{_quoted(name)}/launchSlaveAgent")

    def wait_connected(self, names: Iterable[str]) -> None:
        """Waits until none of these nodes is away, and has them launched again meanwhile. Raises ``ApplyError``."""
        wanted, deadline = set(names), self.clock.now() + CONNECT_SECONDS
        again = self.clock.now() + LAUNCH_SECONDS
        while True:
            known = self.all()
            away = [known[name] for name in sorted(wanted) if name in known and known[name].away]
            if not away:
                return
            if self.clock.now() >= deadline:
                reasons = {node.name: node.reason or "not connected yet" for node in away}
                said = "; ".join(f"{name} does not come back: {reason}" for name, reason in reasons.items())
                logs = ", ".join(f"{self.jenkins.url}/computer/{_quoted(node.name)}/log" for node in away)
                raise ApplyError(f"{said}. Jenkins' log of it: {logs}")
            if self.clock.now() >= again and self.jenkins.may_change():
                again = self.clock.now() + LAUNCH_SECONDS
                for node in away:
                    self.launch(node.name)
            self.clock.sleep(PAUSE)


def _node(item: dict[str, Any]) -> Node:
    executors = [*(item.get("executors") or ()), *(item.get("oneOffExecutors") or ())]
    running = [executor.get("currentExecutable") for executor in executors if executor]
    return Node(
        name=str(item.get("displayName")),
        idle=bool(item.get("idle")),
        offline=bool(item.get("offline")),
        held=bool(item.get("temporarilyOffline")),
        reason=str(item.get("offlineCauseReason") or ""),
        builds=tuple(f"{build.get('fullDisplayName')} ({build.get('url')})" for build in running if build),
    )


def _quoted(name: str) -> str:
    return urllib.parse.quote(name, safe="")

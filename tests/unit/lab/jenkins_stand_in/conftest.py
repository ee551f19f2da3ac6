"""A Jenkins stand-in with nodes that are this machine: what would go over SSH runs in a local shell."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import gear
import pytest
import yaml

from pkgci.lab.stand_ins.jenkins.program.builds import run
from pkgci.lab.stand_ins.jenkins.program.builds.environment import SERVER_COOKIE
from pkgci.lab.stand_ins.jenkins.program.controller import Controller
from pkgci.lab.stand_ins.jenkins.program.nodes import agent
from pkgci.lab.stand_ins.jenkins.program.settings import Settings

Document = dict[str, Any]


class LocalChannel:
    """A channel whose command runs here."""

    def __init__(self, client: "LocalClient") -> None:
        self._client = client
        self._timeout: float | None = None
        self._ended = threading.Event()

    def set_combine_stderr(self, combine: bool) -> None:
        pass

    def settimeout(self, timeout: float) -> None:
        self._timeout = timeout

    def exec_command(self, command: str) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._said: list[bytes] = []
        self._arrived = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while data := self._process.stdout.read1(65536):  # type: ignore[attr-defined]
            with self._arrived:
                self._said.append(data)
                self._arrived.notify_all()
        with self._arrived:
            self._said.append(b"")
            self._arrived.notify_all()

    def sendall(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)

    def shutdown_write(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def recv(self, size: int) -> bytes:
        deadline = time.monotonic() + (self._timeout or 60)
        with self._arrived:
            while not self._arrived.wait_for(lambda: self._said, timeout=0.05):
                if not self._client.up:
                    return b""
                if time.monotonic() > deadline:
                    raise TimeoutError
            return self._said.pop(0) if self._said[0] else b""

    def exit_status_ready(self) -> bool:
        return self._process.poll() is not None

    def recv_exit_status(self) -> int:
        return self._process.wait() if self._client.up else -1

    def close(self) -> None:
        pass


class LocalClient:
    """A connection to a node that is this machine. ``up`` is whether it is there."""

    def __init__(self) -> None:
        self.up = True

    def get_transport(self) -> "LocalClient":
        return self

    def is_active(self) -> bool:
        return self.up

    def open_session(self, timeout: float) -> LocalChannel:
        if not self.up:
            raise EOFError("the machine is gone")
        return LocalChannel(self)

    def close(self) -> None:
        pass


class Machine:
    """This machine, as all of the nodes. ``up`` is whether it can be reached."""

    def __init__(self) -> None:
        self.up = True
        self.clients: list[LocalClient] = []

    def connect(self, node: Any) -> LocalClient:
        if not self.up:
            raise agent.NodeError("cannot log in")
        self.clients.append(LocalClient())
        return self.clients[-1]

    def vanish(self) -> None:
        """Ends all connections, and lets nobody in."""
        self.up = False
        for client in self.clients:
            client.up = False


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    machine = Machine()
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"21.0.8\"'\n")
    java.chmod(0o755)
    monkeypatch.setattr(agent, "connect", machine.connect)
    monkeypatch.setattr(run, "connect", machine.connect)
    monkeypatch.setattr(agent, "RETRY", 0.05)
    monkeypatch.setattr(agent, "CHECK", 0.05)
    return machine


@pytest.fixture
def document(tmp_path: Path) -> Document:
    """A configuration with two nodes, as Puppet writes it."""
    return {
        "jenkins": {
            "numExecutors": 0,
            "crumbIssuer": "standard",
            "securityRealm": {"local": {"allowsSignup": False, "users": [{"id": "admin", "password": "right"}]}},
            "authorizationStrategy": {
                "globalMatrix": {
                    "entries": [
                        {"user": {"name": "anonymous", "permissions": ["Overall/Read", "Job/Read", "View/Read"]}},
                        {"user": {"name": "admin", "permissions": ["Overall/Administer"]}},
                    ]
                }
            },
            "nodes": [_node(tmp_path, "build01", "slave_build", 2), _node(tmp_path, "pub01", "publisher", 1)],
        },
        "credentials": {
            "system": {
                "domainCredentials": [
                    {
                        "credentials": [
                            {
                                "basicSSHUserPrivateKey": {
                                    "scope": "SYSTEM",
                                    "id": "slave",
                                    "username": "jenkins",
                                    "privateKeySource": {"directEntry": {"privateKey": "secret key"}},
                                }
                            }
                        ]
                    }
                ]
            }
        },
        "unclassified": {"location": {"url": "https://jenkins01.test/jenkins/"}},
    }


def _node(folder: Path, name: str, label: str, executors: int) -> Document:
    key = {"manuallyProvidedKeyVerificationStrategy": {"key": "ssh-ed25519 AAAA"}}
    launcher = {"host": "192.0.2.1", "credentialsId": "slave", "sshHostKeyVerificationStrategy": key}
    return {
        "permanent": {
            "name": name,
            "remoteFS": str(folder / name),
            "labelString": label,
            "mode": "EXCLUSIVE",
            "numExecutors": executors,
            "launcher": {"ssh": launcher | {"javaPath": str(folder / "java")}},
        }
    }


@pytest.fixture
def start(machine: Machine, document: Document, tmp_path: Path) -> Iterator[Callable[[], Controller]]:
    """Starts a stand-in with ``document``, and ends it with the test."""
    started: list[Controller] = []

    def begin() -> Controller:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        casc = tmp_path / "jenkins.yaml"
        casc.write_text(yaml.safe_dump(document))
        settings = Settings(home, "127.0.0.1", 0, "/jenkins", (str(casc),), tmp_path / "secrets", "token", "2.568.2")
        controller = Controller(settings, {})
        controller.start()
        started.append(controller)
        until(lambda: not machine.up or all(agent.online for agent in controller.agents.values()))
        return controller

    yield begin
    for controller in started:
        controller.close()
        for pid in left_by(controller):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def left_by(controller: Controller) -> set[int]:
    """What the builds of a stand-in run, or have left behind."""
    cookie = f"{SERVER_COOKIE}={controller._server.cookie}".encode()
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if cookie in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
    return found


@pytest.fixture
def geard() -> Iterator[gear.Server]:
    """A real Gearman server on this machine."""
    server = gear.Server(0, host="127.0.0.1")
    yield server
    server.shutdown()


def until(true: Callable[[], object], seconds: float = 15) -> None:
    """Waits until ``true`` says so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def job_xml(
    *scripts: str,
    label: str = "slave_build",
    parameters: dict[str, str] | None = None,
    more: str = "",
    wrappers: str = "",
    publishers: str = "",
    concurrent: bool = True,
) -> bytes:
    """A freestyle job's config.xml."""
    shells = "".join(
        "<hudson.tasks.Shell><command>"
        + script.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        + "</command></hudson.tasks.Shell>"
        for script in scripts
    )
    declared = "".join(
        "<hudson.model.StringParameterDefinition>"
        f"<name>{name}</name><defaultValue>{default}</defaultValue></hudson.model.StringParameterDefinition>"
        for name, default in (parameters or {}).items()
    )
    return (
        '<?xml version="1.1" encoding="utf-8"?>\n<project><description>says hello</description><properties>'
        "<hudson.model.ParametersDefinitionProperty><parameterDefinitions>"
        f"{declared}</parameterDefinitions></hudson.model.ParametersDefinitionProperty></properties>"
        f"<assignedNode>{label}</assignedNode><concurrentBuild>{str(concurrent).lower()}</concurrentBuild>"
        f"<builders>{shells}</builders><buildWrappers>{wrappers}</buildWrappers>"
        f"<publishers>{publishers}</publishers>{more}</project>\n"
    ).encode()

"""The recordings of a real Jenkins, and the stand-in set up as that one: an agent, an administrator, a reader."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import gear
import pytest
import requests
import yaml

from pkgci.lab.stand_ins.jenkins.program.controller import Controller
from pkgci.lab.stand_ins.jenkins.program.settings import Settings
from pkgci.lab.stand_ins.jenkins.program.web.app import App
from pkgci.lab.stand_ins.jenkins.program.web.server import Server
from tests.unit.lab.jenkins_stand_in.conftest import Machine, until

RECORDINGS = Path(__file__).parents[3] / "recordings/jenkins-2.541.3"
VERSION = "2.541.3"
ADMIN, READER = ("admin", "right"), ("reader", "reads")


@dataclass(frozen=True)
class Recorded:
    """One recorded answer: its status, the headers that were kept, and the text after them."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: str

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@cache
def sections(file: str) -> dict[str, list[str]]:
    """What follows each line ``=== title``, by title; a title may come again."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"(?m)^=== ", (RECORDINGS / file).read_text())[1:]:
        title, _, text = part.partition("\n")
        found.setdefault(title.strip(), []).append(text)
    return found


def answer(file: str, title: str, which: int = 0) -> Recorded:
    """The answer recorded under ``title``."""
    text = sections(file)[title][which]
    match = re.match(r"HTTP/1\.1 (\d+) (.*)\n", text)
    assert match, f"{file}: {title}: no status line"
    lines = text[match.end() :].split("\n")
    headers = []
    while lines and (field := re.match(r"(?:\[')?([A-Z][\w-]+): ?(.*?)(?:'\])?$", lines[0])):
        headers.append((field[1], field[2]))
        lines.pop(0)
    body = re.sub(r"\[HTTP \d+\] ?\n?$", "", "\n".join(lines).strip("\n"))
    return Recorded(int(match[1]), match[2], tuple(headers), body.strip("\n"))


@dataclass
class Side:
    """The stand-in, as it is reached over the network of this machine."""

    controller: Controller
    url: str
    casc: Path
    document: dict[str, Any]

    def ask(
        self,
        method: str,
        path: str,
        login: tuple[str, str] | None = ADMIN,
        data: bytes | str | dict[str, str] | None = None,
        kind: str | None = None,
    ) -> requests.Response:
        """Asks as a script does: with the crumb of its own session."""
        with requests.Session() as session:
            session.auth = login
            headers = {"Content-Type": kind} if kind else {}
            if method == "POST":
                crumb = session.get(f"{self.url}crumbIssuer/api/json", timeout=10)
                headers |= {crumb.json()["crumbRequestField"]: crumb.json()["crumb"]} if crumb.ok else {}
            body = data.encode() if isinstance(data, str) else data
            return session.request(
                method, f"{self.url}{path}", headers=headers, data=body, timeout=10, allow_redirects=False
            )

    def write(self, document: dict[str, Any] | str) -> None:
        self.casc.write_text(document if isinstance(document, str) else yaml.safe_dump(document))

    def reload(self) -> requests.Response:
        return requests.post(f"{self.url}reload-configuration-as-code/?casc-reload-token=token", timeout=10)

    def node(self) -> dict[str, Any]:
        tree = "displayName,launchSupported,numExecutors,offline,offlineCauseReason,temporarilyOffline"
        found: dict[str, Any] = self.ask("GET", f"computer/agent1/api/json?tree={tree}").json()
        return found


def as_recorded(folder: Path, gearman: int | None = None) -> dict[str, Any]:
    """The configuration of the Jenkins that was recorded."""
    (folder / "java").write_text("#!/bin/sh\necho 'openjdk version \"21.0.8\"'\n")
    (folder / "java").chmod(0o755)
    key = {"scope": "SYSTEM", "id": "agent-ssh", "username": "jenkins"}
    key["privateKeySource"] = {"directEntry": {"privateKey": "key"}}  # type: ignore[assignment]
    strategy = {"manuallyProvidedKeyVerificationStrategy": {"key": "ssh-ed25519 AAAA"}}
    ssh = {"host": "192.0.2.1", "port": 22, "credentialsId": "agent-ssh", "javaPath": str(folder / "java")}
    node = {"name": "agent1", "remoteFS": str(folder / "agent"), "labelString": "debian-12 build", "mode": "EXCLUSIVE"}
    users = [{"id": name, "password": password} for name, password in (ADMIN, READER)]
    entries = [
        {"user": {"name": "admin", "permissions": ["Overall/Administer"]}},
        {"user": {"name": "reader", "permissions": ["Overall/Read", "Job/Read", "View/Read"]}},
    ]
    unclassified: dict[str, Any] = {}
    if gearman is not None:
        unclassified["gearmanPluginConfig"] = {"enablePlugin": True, "host": "127.0.0.1", "port": gearman}
    return {
        "jenkins": {
            "systemMessage": "hello from casc",
            "numExecutors": 0,
            "mode": "EXCLUSIVE",
            "crumbIssuer": "standard",
            "securityRealm": {"local": {"allowsSignup": False, "users": users}},
            "authorizationStrategy": {"globalMatrix": {"entries": entries}},
            "nodes": [
                {
                    "permanent": {
                        **node,
                        "numExecutors": 2,
                        "launcher": {"ssh": {**ssh, "sshHostKeyVerificationStrategy": strategy}},
                    }
                }
            ],
        },
        "credentials": {"system": {"domainCredentials": [{"credentials": [{"basicSSHUserPrivateKey": key}]}]}},
        "unclassified": unclassified,
    }


@pytest.fixture
def begin(machine: Machine, tmp_path: Path) -> Iterator[Callable[..., Side]]:
    """Starts the stand-in, with Gearman's port where one is given."""
    servers: list[Server] = []
    controllers: list[Controller] = []

    def start(gearman: int | None = None, prefix: str = "") -> Side:
        (tmp_path / "home").mkdir(exist_ok=True)
        document = as_recorded(tmp_path, gearman)
        casc = tmp_path / "jenkins.yaml"
        casc.write_text(yaml.safe_dump(document))
        settings = Settings(
            tmp_path / "home", "127.0.0.1", 0, prefix, (str(casc),), tmp_path / "secrets", "token", VERSION
        )
        controller = Controller(settings, {})
        server = Server("127.0.0.1", 0, prefix, App(controller))
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        controller.start()
        servers.append(server)
        controllers.append(controller)
        until(lambda: controller.agents["agent1"].online)
        return Side(controller, f"http://127.0.0.1:{server.server_address[1]}{prefix}/", casc, document)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
    for controller in controllers:
        controller.close()


@pytest.fixture
def side(begin: Callable[..., Side]) -> Side:
    """The stand-in without Gearman."""
    return begin()


def workers(server: gear.Server) -> dict[str, set[str]]:
    """Client → its functions."""
    return {
        connection.client_id.decode(): {name.decode() for name in connection.functions}
        for connection in list(server.active_connections)
        if connection.client_id
    }


def executors(server: gear.Server) -> list[str]:
    return sorted(name for name in workers(server) if "_exec-" in name)

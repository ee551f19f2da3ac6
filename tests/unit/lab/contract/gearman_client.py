"""The stand-in for Jenkins at work, with a client of Gearman that hears of it what was recorded of the real one."""

# The fixtures are those of the stand-in's own tests.
# ruff: noqa: F811

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import gear
import pytest

from pkgci.jobs.gearman import parse_status
from pkgci.lab.stand_ins.jenkins.program.controller import Controller
from tests.unit.lab.contract.gearman_recording import Packet
from tests.unit.lab.jenkins_stand_in.conftest import (  # noqa: F401
    Document,
    document,
    geard,
    job_xml,
    machine,
    start,
    until,
)

MANAGER = socket.gethostname()
JOB, LABEL, NODE = "gate-foo", "slave_build", "build01"
FUNCTIONS = (f"build:{JOB}", f"build:{JOB}:{LABEL}")
# The same in the recordings.
THEIRS = ("build:gate-foo", "build:gate-foo:debian-12")


class Client(gear.Client):  # type: ignore[misc]
    """A client that keeps what it hears, as it was recorded of the real one."""

    def __init__(self, port: int) -> None:
        super().__init__("test")
        self.heard: list[tuple[str, Packet]] = []
        self.addServer("127.0.0.1", port)
        self.waitForServer()

    def submit(self, function: str, payload: dict[str, Any] | None = None) -> gear.Job:
        job = gear.Job(function.encode(), json.dumps(payload or {}).encode())
        self.submitJob(job)
        return job

    def built(self, function: str, payload: dict[str, Any] | None = None) -> tuple[gear.Job, list[Packet]]:
        """A build to its end, and what was heard of it."""
        job = self.submit(function, payload)
        until(lambda: job.complete)
        return job, self.of(job)

    def of(self, job: gear.Job) -> list[Packet]:
        return [packet for handle, packet in self.heard if handle == job.handle]

    def handlePacket(self, packet: Any) -> None:  # noqa: N802 - gear's name.
        kinds = {gear.constants.JOB_CREATED: "JOB_CREATED"} | {
            getattr(gear.constants, name): name
            for name in ("WORK_DATA", "WORK_STATUS", "WORK_COMPLETE", "WORK_FAIL", "WORK_EXCEPTION")
        }
        kind = kinds.get(packet.ptype)
        if kind is not None:
            said = packet.getArgument(1, True) if kind in ("WORK_DATA", "WORK_COMPLETE") else b""
            numbers = None
            if kind == "WORK_STATUS":
                numbers = (int(packet.getArgument(1)), int(packet.getArgument(2)))
            data = json.loads(said) if said.startswith(b"{") else None
            self.heard.append((packet.getArgument(0), Packet(kind, data, numbers)))
        super().handlePacket(packet)

    def table(self) -> str:
        """geard's answer to `status`."""
        request = gear.StatusAdminRequest()
        self.active_connections[0].sendAdminRequest(request)
        answer: str = request.response.decode()
        return answer

    def workers(self, function: str) -> int:
        """How many workers a function has; -1 where geard does not know it."""
        known = parse_status(self.table())
        return known[function].workers if function in known else -1


@pytest.fixture
def client(geard: gear.Server) -> Iterator[Client]:
    client = Client(geard.port)
    yield client
    client.shutdown()


@pytest.fixture
def jenkins(start: Callable[[], Controller], document: Document, geard: gear.Server, client: Client) -> Controller:
    """The stand-in, with the job of the recordings on two executors."""
    document["unclassified"]["gearmanPluginConfig"] = {"enablePlugin": True, "host": "127.0.0.1", "port": geard.port}
    controller = start()
    controller.store.create(JOB, job_xml('echo "BUILD for $ZUUL_UUID on $NODE_NAME"', parameters={"ZUUL_UUID": ""}))
    until(lambda: client.workers(FUNCTIONS[0]) == 2)
    return controller


def shape(packets: list[Packet]) -> list[tuple[str, dict[str, type]]]:
    # gear's client remembers a job's last data, which a status has none of: it was recorded with it.
    return [(packet.kind, packet.types if packet.kind != "WORK_STATUS" else {}) for packet in packets]

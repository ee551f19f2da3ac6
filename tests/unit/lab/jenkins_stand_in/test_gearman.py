"""The Gearman plugin's part, against a real Gearman server."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gear
import pytest
import yaml

from pkgci.lab.stand_ins.jenkins.program.builds import run
from pkgci.lab.stand_ins.jenkins.program.controller import Controller
from pkgci.lab.stand_ins.jenkins.program.jobs.record import Result
from pkgci.lab.stand_ins.jenkins.program.nodes import agent

from .conftest import Document, Machine, job_xml, until

Start = Callable[[], Controller]
# gear is older than Python's new names.
pytestmark = pytest.mark.filterwarnings("ignore:notifyAll:DeprecationWarning")
MANAGER = socket.gethostname()


class Client(gear.Client):  # type: ignore[misc]
    """A client that remembers what it hears, as Zuul does."""

    def __init__(self, port: int) -> None:
        super().__init__("test")
        self.heard: list[tuple[str, Any]] = []
        self.addServer("127.0.0.1", port)
        self.waitForServer()

    def submit(self, function: str, payload: dict[str, Any]) -> gear.TextJob:
        job = gear.TextJob(function, json.dumps(payload))
        self.submitJob(job)
        return job

    def handleWorkData(self, packet: Any) -> Any:  # noqa: N802 - gear's name.
        self.heard.append(("data", json.loads(packet.getArgument(1, True))))
        return super().handleWorkData(packet)

    def handleWorkStatus(self, packet: Any) -> Any:  # noqa: N802
        self.heard.append(("status", packet.getArgument(1)))
        return super().handleWorkStatus(packet)

    def handleWorkComplete(self, packet: Any) -> Any:  # noqa: N802
        self.heard.append(("complete", packet.getArgument(1, True)))
        return super().handleWorkComplete(packet)


@pytest.fixture
def client(geard: gear.Server) -> Iterator[Client]:
    client = Client(geard.port)
    yield client
    client.shutdown()


@pytest.fixture
def jenkins(start: Start, document: Document, geard: gear.Server) -> Controller:
    gearman = {"enablePlugin": True, "host": "127.0.0.1", "port": geard.port}
    document["unclassified"]["gearmanPluginConfig"] = gearman
    controller = start()
    until(lambda: len(_workers(geard)) == 4)
    return controller


def _workers(server: gear.Server) -> dict[str, set[str]]:
    """Client id → its functions."""
    return {
        connection.client_id.decode(): {name.decode() for name in connection.functions}
        for connection in list(server.active_connections)
        if connection.client_id and connection.client_id != b"test"
    }


def test_each_executor_and_the_manager_have_a_connection(jenkins: Controller, geard: gear.Server) -> None:
    jenkins.store.create("hello", job_xml("true", label="slave_build || publisher"))
    jenkins.store.create("unlabelled", job_xml("true", label=""))
    until(lambda: sum("build:hello" in functions for functions in _workers(geard).values()) == 3)
    assert _workers(geard) == {
        "build01_exec-0": {"build:hello", "build:hello:slave_build"},
        "build01_exec-1": {"build:hello", "build:hello:slave_build"},
        "pub01_exec-0": {"build:hello", "build:hello:publisher"},
        f"{MANAGER}_manager": {f"stop:{MANAGER}", f"set_description:{MANAGER}"},
    }


def test_disabled_jobs_and_offline_nodes_offer_nothing(jenkins: Controller, geard: gear.Server) -> None:
    jenkins.store.create("hello", job_xml("true"))
    until(lambda: _workers(geard)["build01_exec-0"])
    jenkins.store.switch("hello", disabled=True)
    until(lambda: not _workers(geard)["build01_exec-0"])
    jenkins.store.switch("hello", disabled=False)
    until(lambda: _workers(geard)["build01_exec-0"])
    jenkins.agents["build01"].switch("for a test")
    until(lambda: not _workers(geard)["build01_exec-0"])


def test_a_build_tells_its_client_what_zuul_needs(jenkins: Controller, client: Client, geard: gear.Server) -> None:
    jenkins.store.create("hello", job_xml("false", label="publisher"))
    until(lambda: "build:hello:publisher" in _workers(geard)["pub01_exec-0"])
    for _ in range(2):
        client.heard.clear()
        job = client.submit("build:hello:publisher", {})
        until(lambda job=job: job.complete)  # type: ignore[misc]
        assert not job.failure
    assert [kind for kind, _ in client.heard] == ["data", "status", "complete"]
    first, last = client.heard[0][1], json.loads(client.heard[2][1])
    assert last == {**first, "result": "FAILURE"}
    assert first == {
        "name": "hello",
        "number": 2,
        "worker": "pub01_exec-0",
        "manager": MANAGER,
        "node_name": "pub01",
        "node_labels": ["publisher", "pub01"],
        "url": "https://jenkins01.test/jenkins/job/hello/2/",
    }


def test_a_build_has_the_parameters_of_the_payload_that_its_job_declares_and_no_default(
    jenkins: Controller, client: Client, geard: gear.Server, caplog: pytest.LogCaptureFixture
) -> None:
    said = 'echo "says $GREETING ${OTHER-dropped} ${DEFAULT-none}"'
    jenkins.store.create("hello", job_xml(said, parameters={"GREETING": "hello", "DEFAULT": "value"}))
    until(lambda: "build:hello:slave_build" in _workers(geard)["build01_exec-0"])
    job = client.submit("build:hello:slave_build", {"GREETING": "hi", "OTHER": "x"})
    until(lambda: job.complete)
    assert "\nsays hi dropped none\n" in (jenkins.store.folder_of(jenkins.store.build("hello", 1)) / "log").read_text()
    warnings = [record.getMessage() for record in caplog.records if "declare" in record.getMessage()]
    assert warnings == ["the job hello does not declare the parameter OTHER: it is dropped"]


def test_other_settings_of_the_plugin_are_for_the_next_start(
    jenkins: Controller, geard: gear.Server, document: Document, tmp_path: Path
) -> None:
    before = _workers(geard)
    for other in ({"enablePlugin": False}, {"port": 9}):
        document["unclassified"]["gearmanPluginConfig"] |= other
        (tmp_path / "jenkins.yaml").write_text(yaml.safe_dump(document))
        jenkins.reload()
        time.sleep(0.3)
        assert _workers(geard) == before


def test_the_manager_stops_and_describes_builds(jenkins: Controller, client: Client, geard: gear.Server) -> None:
    jenkins.store.create("slow", job_xml("sleep 98763"))
    until(lambda: _workers(geard)["build01_exec-0"])
    job = client.submit("build:slow", {})
    until(lambda: client.heard)
    described = client.submit(
        f"set_description:{MANAGER}", {"name": "slow", "number": "1", "html_description": "<a>x</a>"}
    )
    until(lambda: described.complete)
    stopped = client.submit(f"stop:{MANAGER}", {"name": "slow", "number": 1})
    until(lambda: stopped.complete and job.complete)
    assert not stopped.failure
    assert jenkins.store.build("slow", 1).description == "<a>x</a>"
    assert json.loads(client.heard[-1][1])["result"] == "ABORTED"
    unknown = client.submit(f"stop:{MANAGER}", {"name": "slow", "number": "9"})
    until(lambda: unknown.complete)
    assert unknown.failure


def test_a_node_that_vanishes_fails_the_job_so_that_zuul_tries_again(
    jenkins: Controller, client: Client, geard: gear.Server, machine: Machine
) -> None:
    jenkins.store.create("slow", job_xml("sleep 4"))
    until(lambda: _workers(geard)["build01_exec-0"])
    job = client.submit("build:slow", {})
    until(lambda: client.heard)
    machine.vanish()
    until(lambda: job.complete)
    assert job.failure
    assert [kind for kind, _ in client.heard] == ["data", "status"]
    until(lambda: list(_workers(geard)) == [f"{MANAGER}_manager"])


def test_a_node_that_vanishes_before_the_build_reaches_it_fails_the_job_too(
    jenkins: Controller, client: Client, geard: gear.Server, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = agent.is_alive

    def slow_look(client: Any) -> bool:
        time.sleep(0.3)
        return look(client)

    def connect(node: Any) -> Any:
        machine.vanish()
        return machine.connect(node)

    monkeypatch.setattr(agent, "is_alive", slow_look)
    monkeypatch.setattr(run, "connect", connect)
    jenkins.store.create("slow", job_xml("sleep 4"))
    until(lambda: _workers(geard)["build01_exec-0"])
    job = client.submit("build:slow", {})
    until(lambda: job.complete)
    assert job.failure


def test_a_vanished_node_fails_the_job_though_its_workers_are_not_yet_gone(
    jenkins: Controller, client: Client, geard: gear.Server, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = jenkins.agents["build01"]
    close_workers = node._on_change

    def slow_change(changed: agent.Agent) -> None:
        time.sleep(1)
        close_workers(changed)

    def connect(definition: Any) -> Any:
        machine.vanish()
        node._wake.set()
        until(lambda: not node.connected)
        return machine.connect(definition)

    jenkins.store.create("slow", job_xml("sleep 4"))
    until(lambda: _workers(geard)["build01_exec-0"])
    monkeypatch.setattr(node, "_on_change", slow_change)
    monkeypatch.setattr(run, "connect", connect)
    job = client.submit("build:slow", {})
    until(lambda: job.complete)
    assert job.failure


def test_a_node_can_be_asked_to_go_offline_after_its_build(
    jenkins: Controller, client: Client, geard: gear.Server
) -> None:
    jenkins.store.create("last", job_xml("true", label="publisher"))
    until(lambda: _workers(geard)["pub01_exec-0"])
    job = client.submit("build:last", {"OFFLINE_NODE_WHEN_COMPLETE": "1"})
    until(lambda: job.complete)
    assert json.loads(client.heard[-1][1])["result"] == "SUCCESS"
    assert jenkins.agents["pub01"].problem == "Offline due to Gearman request"
    until(lambda: not _workers(geard)["pub01_exec-0"])


def test_a_job_waits_while_another_build_has_the_executor(
    jenkins: Controller, client: Client, geard: gear.Server
) -> None:
    jenkins.store.create("own", job_xml("sleep 1", label="publisher"))
    until(lambda: _workers(geard)["pub01_exec-0"])
    jenkins.scheduler.submit("own", {}, "Started by a person")
    until(lambda: jenkins.scheduler.running())
    job = client.submit("build:own", {})
    time.sleep(0.3)
    assert len(jenkins.scheduler.running()) == 1
    until(lambda: job.complete)
    assert [build.result for build in jenkins.store.builds("own")] == [Result.SUCCESS, Result.SUCCESS]


def test_a_gearman_that_comes_back_finds_all_functions_again(
    jenkins: Controller, client: Client, geard: gear.Server
) -> None:
    jenkins.store.create("hello", job_xml("true"))
    until(lambda: _workers(geard)["build01_exec-0"])
    port = geard.port
    for connection in list(geard.active_connections):
        if connection.client_id and connection.client_id != b"test":
            connection.conn.shutdown(socket.SHUT_RDWR)
    until(lambda: len(_workers(geard)) == 4 and all(_workers(geard)[f"build01_exec-{n}"] for n in (0, 1)))
    job = client.submit("build:hello", {})
    until(lambda: job.complete)
    assert port == geard.port
    assert not job.failure

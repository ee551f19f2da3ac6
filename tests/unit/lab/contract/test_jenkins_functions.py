"""Who offers which Gearman functions, as a real Jenkins' plugin does it: the stand-in's do the same."""

# Fixtures are imported by name.
# ruff: noqa: F811

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import gear
import yaml

from pkgci.jobs.gearman import parse_status
from pkgci.lab.stand_ins.jenkins.program.controller import Controller
from tests.unit.lab.contract.gearman_client import (  # noqa: F401
    FUNCTIONS,
    JOB,
    LABEL,
    MANAGER,
    NODE,
    THEIRS,
    Client,
    client,
    document,
    geard,
    jenkins,
    job_xml,
    machine,
    shape,
    start,
    until,
)
from tests.unit.lab.contract.gearman_recording import part
from tests.unit.lab.jenkins_stand_in.conftest import Document, Machine


def test_functions_that_nobody_offers_any_more_stay_known_without_workers(jenkins: Controller, client: Client) -> None:
    jenkins.store.create("long", job_xml("true"))
    until(lambda: client.workers("build:long") == 2)
    tried: dict[str, Callable[[], None]] = {
        "createItem -> function": lambda: None,
        "disable job": lambda: jenkins.store.switch("long", disabled=True),
        "enable job": lambda: jenkins.store.switch("long", disabled=False),
        "label changed by config.xml": lambda: jenkins.store.change("long", job_xml("true", label="other")),
    }
    for title, change in tried.items():
        change()
        for function in ("build:long", "build:long:debian-12"):
            ours = function.replace("debian-12", LABEL)
            (wanted,) = part(title).workers(function)
            until(lambda ours=ours, wanted=wanted: client.workers(ours) == wanted)  # type: ignore[misc]
    jenkins.store.change("long", job_xml("true"))
    until(lambda: client.workers("build:long") == 2)
    jenkins.store.delete("long")
    assert part("delete job").workers("build:long") == [0]
    until(lambda: client.workers("build:long") == 0)


def test_a_node_that_goes_offline_takes_its_functions_workers_and_brings_them_back(
    jenkins: Controller, client: Client
) -> None:
    steps = {"toggleOffline (temporarily offline)": "maint", "toggleOffline (back online)": None}
    for title, reason in steps.items():
        jenkins.agents[NODE].switch(reason)
        wanted = {part(title).workers(function)[0] for function in THEIRS}
        until(lambda wanted=wanted: {client.workers(function) for function in FUNCTIONS} == wanted)  # type: ignore[misc]
    assert part("disconnect agent").workers(f"stop:{'198.18.1.1'}") == [1]
    assert client.workers(f"stop:{MANAGER}") == client.workers(f"set_description:{MANAGER}") == 1


def test_the_worker_of_each_executor_offers_all_and_the_manager_its_two(
    jenkins: Controller,
    geard: gear.Server,
) -> None:
    recorded = dict(re.findall(r"^\d+ \S+ (\S+) : (.*)$", part("toggleOffline (back online)").text, flags=re.MULTILINE))
    recorded.pop("-")
    ours = {
        connection.client_id.decode(): {name.decode() for name in connection.functions}
        for connection in list(geard.active_connections)
        if connection.client_id not in (None, b"test")
    }

    def general(name: str) -> str:
        for word, stands_for in (("198.18.1.1", "HOST"), (MANAGER, "HOST"), ("agent1", "NODE"), (NODE, "NODE")):
            name = name.replace(word, stands_for)
        return name.replace("debian-12", "LABEL").replace(LABEL, "LABEL")

    theirs = {general(name): set(map(general, functions.split())) for name, functions in recorded.items()}
    for functions in theirs.values():
        functions -= {"build:rest-a", "build:rest-a:LABEL"}
    found = {general(name): set(map(general, functions)) for name, functions in ours.items()}
    assert {name: found[name] for name in theirs} == theirs


def test_a_node_is_taken_offline_after_a_build_that_asks_for_it(jenkins: Controller, client: Client) -> None:
    recorded = part("OFFLINE_NODE_WHEN_COMPLETE")
    reason = re.search('"offlineCauseReason":"([^"]*)"', recorded.text)
    job, packets = client.built(FUNCTIONS[1], {"OFFLINE_NODE_WHEN_COMPLETE": "1"})
    assert (job.complete, job.failure) == (True, False)
    assert packets[-1].data and packets[-1].data["result"] == "SUCCESS"
    assert reason and jenkins.agents[NODE].temporarily_offline == reason[1]
    assert recorded.workers(THEIRS[1]) == [0]
    until(lambda: client.workers(FUNCTIONS[1]) == 0)


def test_three_builds_at_once_on_two_executors_leave_one_in_gearman(jenkins: Controller, client: Client) -> None:
    jenkins.store.change(JOB, job_xml("sleep 1.5"))
    jobs = [client.submit(FUNCTIONS[0]) for _ in range(3)]
    (recorded,) = parse_status(part("3 builds at once").text).values()
    until(lambda: parse_status(client.table())[FUNCTIONS[0]].running == recorded.running)
    found = parse_status(client.table())[FUNCTIONS[0]]
    assert (found.waiting, found.running, found.workers) == (recorded.waiting, recorded.running, recorded.workers)
    assert jenkins.scheduler.queue() == []
    until(lambda: all(job.complete for job in jobs))
    assert not any(job.failure for job in jobs)


def test_a_function_that_nobody_knows_is_created_and_waits(jenkins: Controller, client: Client) -> None:
    recorded = part("unknown function")
    job = client.submit("build:nosuch")
    until(lambda: client.of(job))
    time.sleep(0.3)
    assert shape(client.of(job)) == shape(recorded.packets)
    assert f"complete {job.complete} failure {job.failure}" in recorded.text


def test_a_gearman_server_that_was_away_finds_all_functions_again(
    jenkins: Controller,
    geard: gear.Server,
) -> None:
    assert "build:gate-foo\t0\t0\t2" in part("geard stopped and started again").text
    port = geard.port
    geard.shutdown()
    again = gear.Server(port, host="127.0.0.1")
    try:
        client = Client(port)
        until(lambda: client.workers(FUNCTIONS[0]) == 2 and client.workers(f"stop:{MANAGER}") == 1)
        client.shutdown()
    finally:
        again.shutdown()


def test_a_node_whose_agent_dies_takes_its_workers_along_and_comes_back_by_itself(
    jenkins: Controller,
    client: Client,
    machine: Machine,
) -> None:
    recorded = part("agent process killed")
    assert recorded.workers(THEIRS[0]) == [0, 2]
    machine.vanish()
    until(lambda: client.workers(FUNCTIONS[0]) == 0)
    machine.up = True
    until(lambda: client.workers(FUNCTIONS[0]) == 2)


def test_settings_of_the_plugin_are_read_at_the_start_only(
    jenkins: Controller,
    client: Client,
    document: Document,
    tmp_path: Path,
) -> None:
    for title, other in (("A2: JCasC reload with another port", {"port": 9}), ("A3", {"enablePlugin": False})):
        document["unclassified"]["gearmanPluginConfig"] |= other
        (tmp_path / "jenkins.yaml").write_text(yaml.safe_dump(document))
        jenkins.reload()
        time.sleep(0.3)
        assert client.workers(FUNCTIONS[0]) == 2, title
    assert part("A3").workers(THEIRS[0]) == [2]


def test_a_gearman_server_that_comes_after_jenkins_has_its_functions_within_seconds(
    start: Callable[[], Controller],
    document: Document,
) -> None:
    recorded = part("B: XML present at boot, geard down")
    assert recorded.workers(THEIRS[0]) == [2] and recorded.workers("stop:198.18.1.1") == [1]
    server = gear.Server(0, host="127.0.0.1")
    port = server.port
    server.shutdown()
    document["unclassified"]["gearmanPluginConfig"] = {"enablePlugin": True, "host": "127.0.0.1", "port": port}
    controller = start()
    controller.store.create(JOB, job_xml("true"))
    server = gear.Server(port, host="127.0.0.1")
    try:
        client = Client(port)
        until(lambda: client.workers(FUNCTIONS[0]) == 2 and client.workers(f"stop:{MANAGER}") == 1)
        client.shutdown()
    finally:
        server.shutdown()

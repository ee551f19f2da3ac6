"""Builds over Gearman, as a real Jenkins tells of them: our programs read what was recorded, the stand-in says it."""

# Fixtures are imported by name.
# ruff: noqa: F811

from __future__ import annotations

import re

import pytest

from pkgci.jobs.gearman import parse_status, wait_for
from pkgci.lab.stand_ins.jenkins.program.controller import Controller
from pkgci.status.services import parse_workers
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
from tests.unit.lab.contract.gearman_recording import FILES, Packet, part, parts

# What our programs read of the recordings


def test_pkgci_reads_every_table_of_functions_that_was_recorded() -> None:
    tables = [table for file in FILES for found in parts(file).values() for table in found.tables]
    assert len(tables) >= 10
    for table in tables:
        functions = parse_status(table)
        assert len(functions) == len({line.split("\t")[0] for line in table.splitlines()})
        assert all(function.waiting == 0 for function in functions.values()) or "gate-foo\t3\t2\t2" in table


def test_builds_beyond_the_executors_wait_in_gearman_and_not_in_jenkins() -> None:
    (found,) = parse_status(part("3 builds at once").text).values()
    assert (found.waiting, found.running, found.workers) == (1, 2, 2)
    assert '"items":[]' in part("3 builds at once").text


def test_a_function_that_is_known_without_a_worker_counts_as_missing() -> None:
    table = part("disconnect agent").text
    missing, _ = wait_for(THEIRS, lambda: parse_status(table), timeout=0, sleep=lambda _: None)
    assert missing == THEIRS
    missing, _ = wait_for(THEIRS, lambda: parse_status(part("launch agent again").text), timeout=0)
    assert missing == ()


def test_pkgci_reads_the_names_of_the_workers_that_were_recorded() -> None:
    assert parse_workers(part("toggleOffline (back online)").after("> workers")) == (
        "198.18.1.1_manager",
        "agent1_exec-0",
        "agent1_exec-1",
    )
    assert parse_workers(part("disconnect agent").after("> workers")) == ("198.18.1.1_manager",)


def test_only_the_last_data_of_a_build_says_which_node_ran_it() -> None:
    """Zuul takes a job's last data when it ends (getJobData): nobody else reads the node."""
    first, _, last = part("OFFLINE_NODE_WHEN_COMPLETE").packets[1:]
    assert first.data and last.data
    assert (first.data["node_name"], first.data["node_labels"]) == ("", ["built-in"])
    assert (last.data["node_name"], last.data["node_labels"][-1]) == ("agent1", "agent1")
    # What Zuul needs at once is right from the beginning.
    for name in ("number", "manager", "url", "name", "worker"):
        assert first.data[name] == last.data[name]


# What the stand-in says


def test_the_first_build_of_an_executor_names_no_node_and_the_end_does(jenkins: Controller, client: Client) -> None:
    recorded = part("OFFLINE_NODE_WHEN_COMPLETE").packets
    _, packets = client.built(FUNCTIONS[1])
    assert shape(packets) == shape(recorded)
    first, last = packets[1].data, packets[-1].data
    assert first and last and recorded[1].data
    assert {name: first[name] for name in ("node_name", "node_labels")} == {
        name: recorded[1].data[name] for name in ("node_name", "node_labels")
    }
    assert (last["node_name"], last["node_labels"]) == (NODE, [LABEL, NODE])
    assert last["result"] == "SUCCESS"


def test_later_builds_name_it_from_the_beginning_as_recorded(jenkins: Controller, client: Client) -> None:
    recorded = part("build with all parameters kept").packets
    seen: dict[str, list[Packet]] = {}
    while (packets := client.built(FUNCTIONS[1])[1]) and (worker := str((packets[1].data or {})["worker"])) not in seen:
        seen[worker] = packets
    assert shape(packets) == shape(recorded)
    first, last = packets[1].data, packets[-1].data
    assert first and last and last == {**first, "result": "SUCCESS"}
    assert (first["node_name"], first["node_labels"]) == (NODE, [LABEL, NODE])
    # The node's own name is its last label, there as here.
    assert recorded[1].data and recorded[1].data["node_labels"][-1] == recorded[1].data["node_name"]
    assert re.fullmatch(rf"https://jenkins01.test/jenkins/job/{JOB}/\d+/", first["url"])


def test_a_status_is_the_time_that_went_and_the_time_that_is_expected(jenkins: Controller, client: Client) -> None:
    (unknown,) = (packet.numbers for packet in part("abort by stop").packets if packet.kind == "WORK_STATUS")
    (known,) = (packet.numbers for packet in part("OFFLINE_NODE").packets if packet.kind == "WORK_STATUS")
    assert unknown and known and unknown[1] == -1 and 0 < known[0] < known[1]
    numbers = []
    for _ in range(2):
        numbers += [packet.numbers for packet in client.built(FUNCTIONS[0])[1] if packet.kind == "WORK_STATUS"]
    first, second = numbers
    assert first and second
    assert 0 < first[0] < 1000 and first[1] == unknown[1]
    assert 0 < second[0] < 1000 and second[1] > 0


def test_a_console_begins_and_ends_as_recorded(jenkins: Controller, client: Client) -> None:
    recorded = part("build with all parameters kept").after("Started by").splitlines()
    jenkins.store.change(JOB, job_xml('echo "BUILD for $ZUUL_UUID on $NODE_NAME"\nfalse', parameters={"ZUUL_UUID": ""}))
    client.built(FUNCTIONS[0], {"ZUUL_UUID": "u1"})
    build = jenkins.store.builds(JOB)[0]
    said = (jenkins.store.folder_of(build) / "log").read_text().splitlines()
    assert said[0] == recorded[0] and said[-2:] == recorded[-2:]
    assert recorded[1] in said
    workspace = r"Building remotely on \S+ \([\w -]+\) in workspace \S+/workspace/gate-foo"
    shell = r"\[gate-foo\] \$ /bin/sh -xe /\S+\.sh"
    for pattern in (workspace, shell):
        for console in (recorded, said):
            assert [line for line in console if re.fullmatch(pattern, line)], pattern
    assert f"BUILD for u1 on {NODE}" in said and "BUILD for u1 on agent1" in recorded


def test_stopping_a_build_completes_without_a_word_and_the_build_is_aborted(
    jenkins: Controller, client: Client
) -> None:
    recorded = part("abort by stop")
    (answer,) = recorded.answers
    jenkins.store.create("long", job_xml("sleep 98761"))
    until(lambda: client.workers("build:long") == 2)
    build = client.submit("build:long")
    until(lambda: len(client.of(build)) == 3)
    stop = client.submit(f"stop:{MANAGER}", {"name": "long", "number": "1"})
    until(lambda: stop.complete and build.complete)
    assert set(answer.payload) == {"name", "number"}
    assert (stop.complete, stop.failure, stop.data, stop.exception) == (
        answer.complete,
        answer.failure,
        answer.data,
        answer.exception,
    )
    last, theirs = client.of(build)[-1], recorded.packets[-1]
    assert [packet.kind for packet in client.of(build)] == [packet.kind for packet in recorded.packets]
    assert last.data and theirs.data and last.data["result"] == theirs.data["result"] == "ABORTED"
    assert (build.complete, build.failure) == (True, False)


@pytest.mark.parametrize(
    ("title", "number"), [("set_description", 1), ("set_description for an unknown build", 99)], ids=str
)
def test_describing_a_build_answers_as_recorded(jenkins: Controller, client: Client, title: str, number: int) -> None:
    (answer,) = part(title).answers
    assert answer.payload["number"] == str(number)
    client.built(FUNCTIONS[0])
    job = client.submit(f"set_description:{MANAGER}", {**answer.payload, "name": JOB})
    until(lambda: job.complete)
    assert (job.failure, job.data, job.exception) == (answer.failure, answer.data, answer.exception)
    if number == 1:
        assert jenkins.store.build(JOB, 1).description == answer.payload["html_description"]

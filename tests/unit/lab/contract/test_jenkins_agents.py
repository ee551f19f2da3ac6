"""A reload changes the list of nodes; what lives changes with a connection."""

from __future__ import annotations

import copy
import json
import re
import socket
from collections.abc import Callable
from typing import Any

import gear
import pytest

from pkgci.lab.stand_ins.jenkins.program.nodes import agent
from tests.unit.lab.jenkins_stand_in import conftest as stand_in
from tests.unit.lab.jenkins_stand_in.conftest import Machine, job_xml, until

from . import jenkins_side
from .jenkins_side import Side, executors, sections, workers

machine, geard, begin, side = stand_in.machine, stand_in.geard, jenkins_side.begin, jenkins_side.side
pytestmark = pytest.mark.filterwarnings("ignore:notifyAll:DeprecationWarning")

GEARMAN, AGENT = "gearman.txt", "ssh-agent.txt"


def recorded_node(file: str, title: str) -> dict[str, Any]:
    """The node as it was recorded after ``title``."""
    found: dict[str, Any] = json.loads(next(x for x in sections(file)[title][0].splitlines() if x.startswith("{")))
    return found


def held_to(side: Side, expected: dict[str, Any]) -> None:
    until(lambda: side.node() | expected == side.node())


def recorded_workers(title: str) -> dict[str, set[str]]:
    lines = re.findall(r"(?m)^\d+ 127\.0\.0\.1 (\S+) : ?(.*)$", sections(GEARMAN)[title][0])
    return {name: set(functions.split()) for name, functions in lines if name != "-"}


def changed(side: Side, **node: Any) -> None:
    """Writes the configuration with other settings of its node."""
    document = copy.deepcopy(side.document)
    document["jenkins"]["nodes"][0]["permanent"] |= node
    side.write(document)


def launcher(side: Side, **ssh: Any) -> dict[str, Any]:
    old = side.document["jenkins"]["nodes"][0]["permanent"]["launcher"]["ssh"]
    return {"launcher": {"ssh": {**old, **ssh}}}


@pytest.fixture
def with_gearman(begin: Callable[..., Side], geard: gear.Server) -> Side:
    """The stand-in with the two recorded jobs, and their functions in Gearman."""
    side = begin(geard.port)
    for name in ("gate-foo", "rest-a"):
        xml = job_xml("sleep ${SECONDS_TO_SLEEP:-0}", label="debian-12")
        side.ask("POST", f"createItem?name={name}", data=xml, kind="text/xml")  # type: ignore[arg-type]
    until(lambda: len(workers(geard).get("agent1_exec-1", ())) == 4)
    return side


def test_disconnect_launch_and_toggle_are_answered_and_seen_in_gearman_as_recorded(
    with_gearman: Side, geard: gear.Server
) -> None:
    side = with_gearman
    steps = [
        ("disconnect agent (doDisconnect)", "doDisconnect", {"offlineMessage": "test"}),
        ("launch agent again", "launchSlaveAgent", {}),
        ("toggleOffline (temporarily offline)", "toggleOffline", {"offlineMessage": "maint"}),
    ]
    for title, action, form in steps:
        status = sections(GEARMAN)[title][0].splitlines()[0]
        assert side.ask("POST", f"computer/agent1/{action}", data=form).status_code == int(status)
        held_to(side, recorded_node(GEARMAN, title))
        serving = "build:gate-foo\t0\t0\t2" in sections(GEARMAN)[title][0]
        until(lambda serving=serving: bool(workers(geard).get("agent1_exec-0")) == serving)
        if "> workers" in sections(GEARMAN)[title][0]:
            assert executors(geard) == [name for name in recorded_workers(title) if "_exec-" in name]
    side.ask("POST", "computer/agent1/toggleOffline")
    expected = recorded_workers("toggleOffline (back online)")
    manager = next(name for name in expected if name.endswith("_manager"))
    until(lambda: workers(geard).get("agent1_exec-0") == expected["agent1_exec-0"])
    shown = {name for name in workers(geard) if not name.endswith("_manager")}
    assert shown == set(expected) - {manager}


def test_a_reload_alone_leaves_the_live_connection_as_it_was(with_gearman: Side, geard: gear.Server) -> None:
    assert "left the live connection as it was: still online" in (jenkins_side.RECORDINGS / AGENT).read_text()
    side, connection = with_gearman, with_gearman.controller.agents["agent1"]._client
    changed(side, numExecutors=3, **launcher(side, host="192.0.2.99", credentialsId="other"))
    assert side.reload().text == ""
    assert side.node() | {"numExecutors": 3, "offline": False} == side.node()
    assert side.controller.agents["agent1"]._client is connection
    assert executors(geard) == ["agent1_exec-0", "agent1_exec-1"]
    changed(side, numExecutors=3)
    side.reload()
    side.ask("POST", "computer/agent1/doDisconnect")
    until(lambda: executors(geard) == [])
    side.ask("POST", "computer/agent1/launchSlaveAgent")
    until(lambda: executors(geard) == ["agent1_exec-0", "agent1_exec-1", "agent1_exec-2"])


@pytest.mark.parametrize("title", ["wrong host key", "unknown credentials id", "nothing listens", "wrong key"])
def test_a_node_that_cannot_be_launched_says_so_in_the_recorded_words_once_it_gives_up(
    side: Side, machine: Machine, monkeypatch: pytest.MonkeyPatch, title: str
) -> None:
    def refuse(node: Any) -> None:
        raise agent.NodeError(title)

    monkeypatch.setattr(agent, "connect", refuse)
    side.ask("POST", "computer/agent1/doDisconnect", data={"offlineMessage": "x"})
    side.ask("POST", "computer/agent1/launchSlaveAgent")
    # Two were recorded while the launcher was still trying: then there is no reason yet.
    recorded = recorded_node(AGENT, title) | recorded_node(AGENT, "unknown credentials id")
    held_to(side, recorded)
    log = side.ask("GET", "computer/agent1/logText/progressiveText").text
    assert title in log and "Launch failed - cleaning up connection" in log
    assert "Launch failed - cleaning up connection" in sections(AGENT)["wrong key"][0]


def test_a_node_without_java_is_one_that_cannot_be_launched(side: Side) -> None:
    changed(side, **launcher(side, javaPath="/nowhere/java"))
    assert side.reload().text == ""
    assert side.node()["offline"] is False
    side.ask("POST", "computer/agent1/doDisconnect")
    side.ask("POST", "computer/agent1/launchSlaveAgent")
    held_to(side, recorded_node(AGENT, "java missing on the agent (javaPath)"))
    side.write(side.document)
    side.reload()
    held_to(side, recorded_node(AGENT, "good again"))


def test_a_node_that_is_launched_says_so_in_the_recorded_words(side: Side) -> None:
    held_to(side, recorded_node(AGENT, "good"))
    said = sections(AGENT)["good"][0] + sections(AGENT)["good again"][0]
    side.ask("POST", "computer/agent1/launchSlaveAgent")
    log = side.ask("GET", "computer/agent1/log").text
    for line in (
        "Agent successfully connected and online",
        "The Agent is connected, disconnect it before to try to connect it again.",
    ):
        assert line in log and line in said


def test_a_connection_that_breaks_is_named_as_it_was(side: Side, machine: Machine) -> None:
    expected = json.loads(sections("gearman3.txt")["agent process killed"][0].splitlines()[0])
    reasons: list[str | None] = []
    side.controller.agents["agent1"]._on_change = lambda lost: reasons.append(lost.problem)
    machine.vanish()
    until(lambda: reasons)
    assert reasons[0] == expected["offlineCauseReason"]


def test_gearmans_address_and_the_plugins_switch_are_read_at_the_start_only(
    with_gearman: Side, geard: gear.Server
) -> None:
    boot = sections("boot.txt")
    assert boot["A2: JCasC reload with another port (4732, nothing there)"][0].startswith("302")
    assert "build:gate-foo\t0\t0\t2" in boot["A3: JCasC reload with enablePlugin: false"][0]
    side, before = with_gearman, workers(geard)
    for setting in ({"port": 1}, {"enablePlugin": False}):
        document = copy.deepcopy(side.document)
        document["unclassified"]["gearmanPluginConfig"] |= setting
        side.write(document)
        assert side.ask("POST", "configuration-as-code/reload").status_code == 302
        assert workers(geard) == before


def test_a_gearman_server_that_comes_later_gets_the_workers_then(begin: Callable[..., Side]) -> None:
    expected = sections("boot.txt")["B: XML present at boot, geard down"][0]
    assert "functions 2 after geard start t+2" in expected
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    begin(port)
    server = gear.Server(port, host="127.0.0.1")
    try:
        until(lambda: executors(server) == ["agent1_exec-0", "agent1_exec-1"])
    finally:
        server.shutdown()


def test_a_safe_restart_waits_for_what_runs_and_lets_nothing_begin(begin: Callable[..., Side]) -> None:
    side = begin()
    again: list[bool] = []
    side.controller.on_restart = lambda: again.append(True)
    xml = job_xml("sleep 1", label="debian-12")
    side.ask("POST", "createItem?name=slow", data=xml, kind="text/xml")  # type: ignore[arg-type]
    side.ask("POST", "job/slow/build")
    until(lambda: side.controller.scheduler.running())
    answer = side.ask("POST", "safeRestart")
    recorded = sections("boot.txt")[
        "C: XML says enablePlugin=true but with the XML written while Jenkins runs (no restart)"
    ]
    assert "-- after POST /safeRestart\n[HTTP 302] http://127.0.0.1:8898/\n" in recorded[0]
    assert (answer.status_code, answer.headers["Location"]) == (302, side.url)
    assert side.ask("GET", "api/json?tree=quietingDown").json()["quietingDown"] is True
    side.ask("POST", "job/slow/build")
    assert not again
    until(lambda: again)
    assert [item.why for item in side.controller.scheduler.queue()] == ["Jenkins is about to shut down"]
    side.ask("POST", "cancelQuietDown")
    until(lambda: side.controller.scheduler.running())

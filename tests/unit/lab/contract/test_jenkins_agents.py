"""A reload changes the list of nodes; what lives changes with a connection: in the stand-in, and by jenkins-apply."""

from __future__ import annotations

import copy
import json
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gear
import pytest
import yaml

from pkgci.lab.stand_ins.jenkins.program.nodes import agent
from tests.unit.jenkins_apply.parts import Account, ApplyError, Clock, Host, Settings, files, look, nodes, settle
from tests.unit.lab.jenkins_stand_in import conftest as stand_in
from tests.unit.lab.jenkins_stand_in.conftest import Machine, job_xml, until

from . import jenkins_side
from .jenkins_side import ADMIN, Side, sections

machine, geard, begin, side = stand_in.machine, stand_in.geard, jenkins_side.begin, jenkins_side.side
pytestmark = pytest.mark.filterwarnings("ignore:notifyAll:DeprecationWarning")

GEARMAN, AGENT = "gearman.txt", "ssh-agent.txt"


def recorded_node(file: str, title: str) -> dict[str, Any]:
    """The node as it was recorded after ``title``."""
    found: dict[str, Any] = json.loads(next(x for x in sections(file)[title][0].splitlines() if x.startswith("{")))
    return found


def held_to(side: Side, expected: dict[str, Any]) -> None:
    until(lambda: side.node() | expected == side.node())


def workers(server: gear.Server) -> dict[str, set[str]]:
    """Client → its functions."""
    return {
        connection.client_id.decode(): {name.decode() for name in connection.functions}
        for connection in list(server.active_connections)
        if connection.client_id
    }


def executors(server: gear.Server) -> list[str]:
    return sorted(name for name in workers(server) if "_exec-" in name)


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


# jenkins-apply, from its first question to its last, against the stand-in and a real Gearman server.


@dataclass
class Unit:
    """The unit of a Jenkins that runs."""

    environments: dict[str, str] = field(default_factory=dict)

    def active(self) -> bool:
        return True

    def environment(self) -> dict[str, str]:
        return self.environments


@pytest.fixture
def applied(
    begin: Callable[..., Side], geard: gear.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Side, Host]]:
    """A Jenkins of which jenkins-apply knows that everything is as it is declared."""
    side = begin(geard.port, "/jenkins")
    monkeypatch.setattr(files, "own", lambda path, user="": None)
    for folder in ("wanted/casc.d", "wanted/secrets", "state/casc.d", "home/plugins"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    # Where it puts the files is where the stand-in reads them.
    side.casc.unlink()
    side.casc.symlink_to(tmp_path / "state/casc.d/pkgci.yaml")
    (tmp_path / "wanted/plugins.txt").write_text("")
    (tmp_path / "unit").write_text("")
    (tmp_path / "wanted/secrets/admin_password").write_text(ADMIN[1])
    settings = Settings(
        home=tmp_path / "home",
        war=tmp_path / "war",
        unit=tmp_path / "unit",
        wanted=tmp_path / "wanted",
        state=tmp_path / "state",
        installer=("true",),
        url=side.url.rstrip("/"),
        account=Account(ADMIN[0], tmp_path / "wanted/secrets/admin_password"),
        patience=30.0,
    )
    (tmp_path / "state/environment").write_text("CASC_RELOAD_TOKEN=token\n")
    for name, text in (("plugins", "true\n"), ("unit", ""), ("ready", "")):
        (tmp_path / "state" / name).write_text(text)
    yield side, Host(settings, Unit(), lambda command: 0, Clock())  # type: ignore[arg-type]


def want(host: Host, document: dict[str, Any]) -> None:
    (host.settings.wanted / "casc.d/pkgci.yaml").write_text(yaml.safe_dump(document))


def with_executors(side: Side, number: int) -> dict[str, Any]:
    document = copy.deepcopy(side.document)
    document["jenkins"]["nodes"][0]["permanent"]["numExecutors"] = number
    return document


def test_executors_that_changed_while_a_job_runs_are_true_in_gearman_at_the_end(
    applied: tuple[Side, Host], geard: gear.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (nodes, settle):
        monkeypatch.setattr(module, "PAUSE", 0.1)
    side, host = applied
    want(host, side.document)
    host.apply()
    xml = job_xml("sleep 2; echo done", label="debian-12")
    side.ask("POST", "createItem?name=slow", data=xml, kind="text/xml")  # type: ignore[arg-type]
    side.ask("POST", "job/slow/build")
    until(lambda: side.controller.scheduler.running())
    want(host, with_executors(side, 3))
    assert not look(host.settings).nothing
    host.apply()
    assert executors(geard) == ["agent1_exec-0", "agent1_exec-1", "agent1_exec-2"]
    assert str(side.controller.store.build("slow", 1).result) == "SUCCESS", "it was waited for"
    assert side.node()["offline"] is False
    assert look(host.settings).nothing


def test_a_configuration_that_is_refused_leaves_the_old_one_live_and_on_disk(applied: tuple[Side, Host]) -> None:
    side, host = applied
    want(host, side.document)
    host.apply()
    live = side.casc.read_text()
    for wrong, words in (
        ({"jenkins": {"noSuchThing": 1}}, "Invalid configuration elements for type: class jenkins.model.Jenkins"),
        ({"jenkins": {"numExecutors": "two"}}, "own.yaml: jenkins.numExecutors: must be a whole number"),
    ):
        (host.settings.wanted / "casc.d/own.yaml").write_text(yaml.safe_dump(wrong))
        with pytest.raises(ApplyError, match=words):
            host.apply()
        assert side.casc.read_text() == live
        assert not (side.casc.resolve().parent / "own.yaml").exists()
        assert side.controller.configuration.message == "hello from casc"
        assert not look(host.settings).nothing
    (host.settings.wanted / "casc.d/own.yaml").unlink()
    host.apply()
    assert look(host.settings).nothing


def test_labels_that_changed_are_no_longer_served_at_the_end_and_the_connection_stays(
    applied: tuple[Side, Host], geard: gear.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (nodes, settle):
        monkeypatch.setattr(module, "PAUSE", 0.1)
    side, host = applied
    want(host, side.document)
    host.apply()
    xml = job_xml("echo done", label="debian-12")
    side.ask("POST", "createItem?name=hello", data=xml, kind="text/xml")  # type: ignore[arg-type]
    until(lambda: "build:hello:debian-12" in workers(geard).get("agent1_exec-0", ()))
    connection = side.controller.agents["agent1"]._client
    document = copy.deepcopy(side.document)
    document["jenkins"]["nodes"][0]["permanent"]["labelString"] = "debian-13"
    want(host, document)
    host.apply()
    assert "build:hello:debian-12" not in workers(geard)["agent1_exec-0"]
    assert side.controller.agents["agent1"]._client is connection
    assert look(host.settings).nothing

"""Nothing is believed of a node until the Gearman server shows its workers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from jenkins_apply import apply, settle
from jenkins_apply.geard import Server, disagreement, parse_workers
from jenkins_apply.settings import ApplyError

from .conftest import Jenkins, anew, casc


@dataclass
class Geard:
    """Answers `workers`: once each of ``answers``, then the last of them for ever."""

    answers: list[str]
    port: int = 0
    asked: int = 0
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    def serve(self) -> None:
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            with link:
                assert link.recv(100) == b"workers\n"
                link.sendall(self.answers[min(self.asked, len(self.answers) - 1)].encode())
                self.asked += 1


@pytest.fixture
def geard() -> Iterator[Geard]:
    server = Geard([])
    server.serve()
    yield server
    server.listener.close()


def workers(*names: str, functions: str = "build:hello build:hello:slave_build") -> str:
    lines = ["11 127.0.0.1 198.18.1.1_manager : set_description:198.18.1.1 stop:198.18.1.1", "13 127.0.0.1 - : "]
    return "\n".join([*lines, *(f"12 127.0.0.1 {name} : {functions}" for name in names), ".", ""])


def with_gearman(text: str, port: int) -> str:
    config = f"unclassified: {{gearmanPluginConfig: {{enablePlugin: true, host: 127.0.0.1, port: {port}}}}}\n"
    return text.replace("remoteFS: /r", "labelString: slave_build, remoteFS: /r") + config


def test_nothing_is_believed_until_geard_shows_the_declared_workers(nodes: Jenkins, geard: Geard) -> None:
    two = workers("build01_exec-0", "build01_exec-1")
    geard.answers = [two, two, two, workers("build01_exec-0", "build01_exec-1", "build01_exec-2")]
    del nodes.computers["pub01"]
    nodes.want(casc=with_gearman(casc(1, "build01", executors=3), geard.port))
    nodes.apply()
    assert geard.asked == 4
    assert nodes.nothing_to_do


def test_workers_that_never_come_fail_the_run_and_the_next_run_connects_anew(
    nodes: Jenkins, geard: Geard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "PROOF_SECONDS", 10.0)
    geard.answers = [workers("build01_exec-0", "build01_exec-1")]
    del nodes.computers["pub01"]
    nodes.want(casc=with_gearman(casc(1, "build01", executors=3), geard.port))
    for _ in range(2):
        nodes.did.clear()
        with pytest.raises(ApplyError, match=r"after 10 s build01 has 2 workers, not 3. Run the same again"):
            nodes.apply()
        assert nodes.did[-4:] == anew("build01")
        assert not nodes.nothing_to_do


@pytest.fixture
def labelled(nodes: Jenkins, geard: Geard) -> Jenkins:
    """A Jenkins with one node, with the label slave_build, which its workers serve."""
    geard.answers = [workers("build01_exec-0", "build01_exec-1")]
    del nodes.computers["pub01"]
    nodes.want(casc=with_gearman(casc(1, "build01"), geard.port))
    nodes.apply()
    assert nodes.nothing_to_do
    nodes.did.clear()
    geard.asked = 0
    return nodes


def test_other_labels_of_a_node_are_believed_when_no_worker_serves_the_old_ones(
    labelled: Jenkins, geard: Geard
) -> None:
    old, new = (
        workers("build01_exec-0", "build01_exec-1", functions=f"build:hello build:hello:{label}")
        for label in ("slave_build", "slave_big")
    )
    geard.answers = [old, old, new]
    labelled.want(casc=with_gearman(casc(1, "build01"), geard.port).replace("slave_build", "slave_big"))
    labelled.apply()
    assert labelled.did == ["reload"], "its connection stays"
    assert geard.asked > 2
    assert labelled.nothing_to_do


def test_workers_that_go_on_to_serve_an_old_label_are_made_anew_and_fail_the_run(
    labelled: Jenkins, geard: Geard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "PROOF_SECONDS", 10.0)
    labelled.want(casc=with_gearman(casc(1, "build01"), geard.port).replace("slave_build", "slave_big"))
    with pytest.raises(ApplyError, match="after 10 s the workers of build01 still serve slave_build"):
        labelled.apply()
    assert labelled.did == ["reload", *anew("build01")]
    assert not labelled.nothing_to_do


def test_labels_that_a_run_cut_short_did_not_look_at_are_looked_at_by_the_next_one(
    labelled: Jenkins, geard: Geard, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled.want(casc=with_gearman(casc(1, "build01"), geard.port).replace("slave_build", "slave_big"))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(apply, "settle", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        labelled.apply()
    assert not labelled.nothing_to_do


def test_without_an_account_a_node_that_stays_away_costs_one_restart_and_is_told_by_every_run(
    nodes: Jenkins, geard: Geard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start() -> bool:
        nodes.connected.clear()
        nodes.runs = True
        nodes.did.append("start")
        return True

    monkeypatch.setattr(nodes, "start", start)
    nodes.authorized = False
    geard.answers = [workers()]
    del nodes.computers["pub01"]
    nodes.want(casc=with_gearman(casc(1, "build01", executors=3), geard.port))
    for did in (["reload", "stop", "start"], [], []):
        nodes.did.clear()
        with pytest.raises(ApplyError, match="build01 does not come back: not connected yet"):
            nodes.apply()
        assert nodes.did == did
        assert not nodes.nothing_to_do


def test_without_an_account_a_node_that_a_person_holds_costs_no_restart(
    nodes: Jenkins, geard: Geard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "PROOF_SECONDS", 10.0)
    nodes.authorized = False
    geard.answers = [workers()]
    del nodes.computers["pub01"]
    nodes.want(casc=with_gearman(casc(1, "build01", executors=3), geard.port))
    with pytest.raises(ApplyError, match="build01 has 0 workers, not 3"):
        nodes.apply()
    nodes.computers["build01"].update(temporarilyOffline=True, offlineCauseReason="a new disk")
    nodes.did.clear()
    nodes.apply()
    assert nodes.did == []
    assert nodes.nothing_to_do


def test_a_gearman_server_that_does_not_answer_proves_nothing(nodes: Jenkins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "PROOF_SECONDS", 10.0)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nodes.want(casc=with_gearman(casc(1, "build01", "pub01", executors=3), port))
    with pytest.raises(ApplyError, match=f"the Gearman server 127.0.0.1:{port} does not answer"):
        nodes.apply()
    assert not nodes.nothing_to_do


def test_workers_are_read_from_geards_own_lines(geard: Geard) -> None:
    geard.answers = [workers("agent1_exec-0", functions="")]
    assert Server("127.0.0.1", geard.port).workers() == {
        "198.18.1.1_manager": {"set_description:198.18.1.1", "stop:198.18.1.1"},
        "agent1_exec-0": frozenset(),
    }
    geard.answers = ["11 127.0.0.1 a : b\n"]
    with pytest.raises(OSError, match="early"):
        Server("127.0.0.1", geard.port).workers()


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (("a_exec-0", "a_exec-1"), None),
        (("a_exec-0",), "a has 1 workers, not 2"),
        (("a_exec-0", "a_exec-1", "a_exec-2"), "a has 3 workers, not 2"),
        (("a_exec-0", "b_exec-1"), "a has 1 workers, not 2"),
    ],
)
def test_the_workers_of_a_node_are_one_for_each_executor(shown: tuple[str, ...], expected: str | None) -> None:
    assert disagreement("a", 2, frozenset({"slave_build"}), parse_workers(workers(*shown))) == expected


def test_workers_that_serve_a_label_that_the_node_has_no_more_are_old_ones() -> None:
    shown = parse_workers(workers("a_exec-0", functions="build:hello:slave_build build:hello:a build:hello:other"))
    assert disagreement("a", 1, frozenset({"slave_build"}), shown) == "the workers of a still serve other"

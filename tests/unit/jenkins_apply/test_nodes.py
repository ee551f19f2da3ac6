"""A node's workers, launcher and host key change when it is connected anew: while it is idle, and by nobody's loss."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from jenkins_apply.apply import Host
from jenkins_apply.nodes import Nodes
from jenkins_apply.settings import ApplyError

from .conftest import Jenkins, anew, casc

MARK = "jenkins-apply waits for its builds, then connects it anew"


def test_a_node_of_which_the_executors_changed_is_connected_anew(nodes: Jenkins) -> None:
    nodes.want(casc=casc(1, "build01", "pub01").replace("build01, remoteFS: /r", "build01, remoteFS: /other"))
    nodes.apply()
    assert nodes.did == ["reload", *anew("build01")]
    assert "build01" in nodes.connected
    assert nodes.nothing_to_do


def test_what_does_not_change_a_connection_ends_none(nodes: Jenkins) -> None:
    nodes.want(casc=casc(2, "build01", "pub01"))
    nodes.apply()
    assert nodes.did == ["reload"]


def test_a_node_that_builds_takes_no_further_build_and_is_waited_for(nodes: Jenkins) -> None:
    nodes.want(casc=casc(1, "build01", "pub01", executors=3))
    nodes.builds["build01"] = 6
    nodes.apply()
    # pub01 does not wait for build01.
    assert nodes.did[:4] == ["reload", "build01/toggleOffline", "pub01/toggleOffline", "pub01/doDisconnect"]
    assert nodes.did[-3:] == ["build01/doDisconnect", "build01/toggleOffline", "build01/launchSlaveAgent"]
    assert nodes.nothing_to_do


def test_a_wait_has_an_end_names_the_build_and_leaves_the_rest_to_the_next_run(nodes: Jenkins) -> None:
    nodes.want(casc=casc(1, "build01", "pub01", executors=3))
    nodes.builds["build01"] = 100_000
    with pytest.raises(ApplyError, match=r"after 900 s build01 builds hello #4 \(http.*: run the same again when it"):
        nodes.apply()
    assert not nodes.computers["build01"]["temporarilyOffline"], "it goes on taking builds"
    assert not nodes.nothing_to_do
    nodes.builds["build01"] = 0
    nodes.did.clear()
    nodes.apply()
    assert nodes.did == anew("build01"), "pub01 was done, and the configuration was read"
    assert nodes.nothing_to_do


def test_a_node_that_a_run_cut_short_left_out_of_service_is_given_back(nodes: Jenkins) -> None:
    nodes.computers["pub01"].update(temporarilyOffline=True, offlineCauseReason=MARK)
    nodes.want(casc=casc(2, "build01", "pub01"))
    nodes.apply()
    assert nodes.did == ["reload", "pub01/toggleOffline"]
    assert not nodes.computers["pub01"]["temporarilyOffline"]


def test_a_node_that_a_person_took_out_of_service_stays_there(nodes: Jenkins) -> None:
    nodes.computers["pub01"].update(temporarilyOffline=True, offlineCauseReason="a new disk")
    nodes.want(casc=casc(1, "build01", "pub01", executors=3))
    nodes.apply()
    assert nodes.did[-2:] == ["pub01/doDisconnect", "pub01/launchSlaveAgent"]
    assert nodes.computers["pub01"]["temporarilyOffline"]


def test_new_nodes_and_those_that_are_away_are_nobodys_fault(nodes: Jenkins) -> None:
    nodes.connected.discard("pub01")
    nodes.want(casc=casc(1, "build01", "pub01", "new01").replace("pub01, remoteFS: /r", "pub01, remoteFS: /other"))
    nodes.apply()
    assert nodes.did == ["reload", "pub01/launchSlaveAgent"]
    assert nodes.nothing_to_do


def test_a_node_that_does_not_come_back_fails_the_run_and_the_next_one(nodes: Jenkins) -> None:
    nodes.launches = False
    nodes.want(casc=casc(1, "build01", "pub01").replace("build01, remoteFS: /r", "build01, remoteFS: /other"))
    for _ in range(2):
        with pytest.raises(ApplyError, match="build01 does not come back: Jenkins failed to launch"):
            nodes.apply()
        assert not nodes.nothing_to_do


def test_a_node_that_goes_is_waited_for_before_the_reload_that_would_end_its_build(nodes: Jenkins) -> None:
    nodes.want(casc=casc(1, "build01"))
    nodes.builds["pub01"] = 100_000
    with pytest.raises(ApplyError, match=r"pub01 builds hello #4"):
        nodes.apply()
    assert nodes.did == ["pub01/toggleOffline", "pub01/toggleOffline"]
    assert nodes.casc == casc(1, "build01", "pub01")
    nodes.builds["pub01"] = 5
    nodes.did.clear()
    nodes.apply()
    assert nodes.did == ["pub01/toggleOffline", "reload"]


def test_jenkins_is_restarted_only_when_nothing_builds(nodes: Jenkins) -> None:
    nodes.want(casc=casc(1, "build01", "pub01"), unit="# gearman 192.0.2.1:4731\n")
    nodes.builds["build01"] = 100_000
    with pytest.raises(ApplyError, match=r"must be restarted, and is not, because after 900 s build01 builds hello #4"):
        nodes.apply()
    assert nodes.did == ["quietDown", "cancelQuietDown"]
    assert not nodes.nothing_to_do
    nodes.builds["build01"] = 5
    nodes.did.clear()
    nodes.apply()
    assert nodes.did == ["quietDown", "stop", "start"]
    assert nodes.nothing_to_do


def test_what_a_run_cut_short_asked_of_jenkins_is_taken_back_also_where_nothing_is_left_to_do(
    nodes: Jenkins, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_short(names: object, done: object = None) -> None:
        raise KeyboardInterrupt

    for change in ({"unit": "# gearman 192.0.2.1:4731\n"}, {"casc": casc(1, "build01")}):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Nodes, "wait_idle", cut_short)
            nodes.want(**{"casc": casc(1, "build01", "pub01"), **change})
            nodes.apply()
        nodes.want(casc=casc(1, "build01", "pub01"))
        assert not nodes.nothing_to_do
        nodes.apply()
        assert nodes.nothing_to_do
    assert nodes.did == ["quietDown", "cancelQuietDown", "pub01/toggleOffline", "pub01/toggleOffline"]


def test_a_jenkins_that_does_not_answer_is_restarted_all_the_same(nodes: Jenkins) -> None:
    nodes.want(casc=casc(1), unit="# mended\n")
    nodes.down = True
    nodes.apply()
    assert nodes.did == ["stop", "start"]


def test_a_jenkins_that_is_to_listen_elsewhere_is_asked_where_it_listens_now(nodes: Jenkins) -> None:
    assert (nodes.settings.state / "url").read_text() == nodes.settings.url
    nodes.settings = replace(nodes.settings, url="http://127.0.0.1:2/other")
    host = Host(nodes.settings, nodes)  # type: ignore[arg-type]
    assert host.jenkins.url == "http://127.0.0.1:1/jenkins"
    nodes.want(casc=casc(1, "build01", "pub01"), unit="# another port\n")
    nodes.apply()
    assert (nodes.did, nodes.url) == (["quietDown", "stop", "start"], "http://127.0.0.1:2/other")


def test_a_connection_that_jenkins_ends_late_is_made_again_all_the_same(
    nodes: Jenkins, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, ends = nodes.post, []

    def late(path: str, **form: str) -> None:
        if path.endswith("doDisconnect"):
            nodes.did.append("disconnects later")
            ends.append(nodes.now + 10)
        elif not path.endswith("launchSlaveAgent") or "build01" not in nodes.connected:
            post(path, **form)

    def pass_time(seconds: float) -> None:
        nodes.now += seconds
        if ends and nodes.now >= ends[0]:
            nodes.connected.discard("build01")
            ends.clear()

    monkeypatch.setattr(nodes, "post", late)
    monkeypatch.setattr(nodes, "_sleep", pass_time)
    nodes.want(casc=casc(1, "build01", "pub01").replace("build01, remoteFS: /r", "build01, remoteFS: /other"))
    nodes.apply()
    assert "build01" in nodes.connected and not ends
    assert nodes.did[-1] == "build01/launchSlaveAgent"


def test_without_an_account_jenkins_makes_its_connections_again_when_it_is_idle(nodes: Jenkins) -> None:
    nodes.authorized = False
    nodes.want(casc=casc(1, "build01", "pub01", executors=3))
    nodes.builds["build01"] = 5
    nodes.apply()
    assert nodes.did == ["reload", "stop", "start"]
    assert nodes.nothing_to_do


def test_what_was_remembered_and_cannot_be_read_counts_as_unknown(nodes: Jenkins) -> None:
    for text in ("", "{", "[]", '{"connected": 3}'):
        (nodes.settings.state / "nodes").write_text(text)
        assert not nodes.nothing_to_do
        nodes.apply()
        assert set(json.loads((nodes.settings.state / "nodes").read_text())["connected"]) == {"build01", "pub01"}

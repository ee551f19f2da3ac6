"""jenkins-apply, from its first question to its last, against the stand-in and a real Gearman server."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gear
import pytest
import yaml

from tests.unit.jenkins_apply.parts import Account, ApplyError, Clock, Host, Settings, files, look, nodes, settle
from tests.unit.lab.jenkins_stand_in import conftest as stand_in
from tests.unit.lab.jenkins_stand_in.conftest import job_xml, until

from . import jenkins_side
from .jenkins_side import ADMIN, Side, executors, workers

machine, geard, begin, side = stand_in.machine, stand_in.geard, jenkins_side.begin, jenkins_side.side
pytestmark = pytest.mark.filterwarnings("ignore:notifyAll:DeprecationWarning")


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

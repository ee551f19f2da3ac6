"""What Zuul notes for the publisher: what it tested, how that ended, and what the review merged."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import vouching

PARAMS = {"ZUUL_PROJECT": "packaging/greet", "ZUUL_BRANCH": "main", "ZUUL_CHANGE": "5", "ZUUL_PATCHSET": "2"}
PARAMS |= {"ZUUL_COMMIT": "c" * 40, "ZUUL_REF": "refs/zuul/main/Zabc"}
TREE = "a" * 40


@pytest.fixture
def config(tmp_path: Path) -> Any:
    for kind in ("tested", "merged"):
        (tmp_path / "vouched" / kind).mkdir(parents=True)
    return SimpleNamespace(get=lambda section, name: str(tmp_path), folder=tmp_path / "vouched")


def item(pipeline: str, status: str = "NEW") -> Any:
    return SimpleNamespace(pipeline=SimpleNamespace(name=pipeline), change=SimpleNamespace(_data={"status": status}))


def test_a_build_set_is_noted_when_it_begins_and_its_results_once(config: Any) -> None:
    vouching.begun(config, item("gate"), PARAMS, TREE)
    path = config.folder / "tested/Zabc.json"
    words = {"pipeline": "gate", "project": "packaging/greet", "branch": "main", "change": "5", "patchset": "2"}
    assert json.loads(path.read_text()) == {**words, "commit": "c" * 40, "tree": TREE, "jobs": {}}
    assert path.stat().st_mode & 0o777 == 0o644
    results = {"build": "SUCCESS", "systest": "FAILURE", "never": None}
    jobs = [SimpleNamespace(name=name, voting=name != "never") for name in results]
    builds = {name: SimpleNamespace(result=result) for name, result in results.items() if result}
    vouching.ended(config, SimpleNamespace(ref="Zabc", getBuild=builds.get), jobs)
    assert json.loads(path.read_text())["jobs"] == {
        "build": {"result": "SUCCESS", "voting": True},
        "systest": {"result": "FAILURE", "voting": True},
        "never": {"result": "", "voting": False},
    }


def test_what_was_not_begun_as_a_release_is_not_noted(config: Any) -> None:
    vouching.ended(config, SimpleNamespace(ref="Zother", getBuild=lambda name: None), [])
    assert list((config.folder / "tested").iterdir()) == []


def test_a_merge_is_noted_where_gerrit_says_so_and_not_otherwise(config: Any) -> None:
    with pytest.raises(ValueError, match="is not merged: its status is NEW"):
        vouching.merged(config, item("promote"), PARAMS, TREE)
    assert list((config.folder / "merged").iterdir()) == []
    vouching.merged(config, item("promote", "MERGED"), PARAMS, TREE)
    assert json.loads((config.folder / "merged/5.json").read_text())["tree"] == TREE


@pytest.mark.parametrize("name", ["../5", "", "5/6", "."])
def test_no_note_is_written_elsewhere(config: Any, name: str) -> None:
    with pytest.raises(ValueError, match="no note can be called"):
        vouching.merged(config, item("promote", "MERGED"), {**PARAMS, "ZUUL_CHANGE": name}, TREE)


class Manager:
    """Zuul's manager of a pipeline, as far as the mending touches it."""

    def __init__(self, config: Any) -> None:
        self.sched = SimpleNamespace(config=config)
        self.pipeline = SimpleNamespace(getJobs=lambda item: [SimpleNamespace(name="build", voting=True)])
        self.reported: list[bool] = []

    def _reportItem(self, item: Any) -> bool:  # noqa: N802
        self.reported.append(True)
        return False


def test_results_are_noted_before_they_are_reported_and_a_note_that_fails_stops_no_report(config: Any) -> None:
    module = SimpleNamespace(BasePipelineManager=Manager)
    vouching.note_results(module)
    manager = Manager(config)
    vouching.begun(config, item("gate"), PARAMS, TREE)
    build_set = SimpleNamespace(ref="Zabc", getBuild=lambda name: SimpleNamespace(result="SUCCESS"))
    reported = SimpleNamespace(current_build_set=build_set, change="5,2")
    for _ in range(2):  # it is asked again while a report waits
        manager._reportItem(reported)
    noted = json.loads((config.folder / "tested/Zabc.json").read_text())["jobs"]
    assert noted == {"build": {"result": "SUCCESS", "voting": True}}
    (config.folder / "tested/Zbad.json").write_text("no JSON")
    broken = SimpleNamespace(current_build_set=SimpleNamespace(ref="Zbad", getBuild=None), change="5,2")
    manager._reportItem(broken)
    assert len(manager.reported) == 3

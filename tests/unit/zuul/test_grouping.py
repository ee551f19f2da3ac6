"""A group is what the site declares: the topic of a change that is in none is answered in words."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import grouping, untested

DECLARED = {"icehouse": ["packaging/hello", "packaging/pbr"]}


class Manager:
    """Zuul's manager of a pipeline, as far as the mending touches it."""

    def __init__(self, name: str) -> None:
        self.pipeline = SimpleNamespace(name=name)
        self.completed: list[Any] = []

    def onMergeCompleted(self, event: Any) -> None:  # noqa: N802 - Zuul's name
        self.completed.append(event)


@pytest.fixture(autouse=True)
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "groups.json").write_text(json.dumps(DECLARED))
    monkeypatch.setattr(grouping, "GROUPS", tmp_path / "groups.json")


def merged(topic: str | None, project: str = "packaging/hello", pipeline: str = "check") -> Any:
    """The build set of a change whose merge has ended."""
    cls = type("BasePipelineManager", (Manager,), {})
    grouping.check_no_change_with_an_undeclared_group(SimpleNamespace(BasePipelineManager=cls))
    change = SimpleNamespace(number=5, _data={"topic": topic}, project=SimpleNamespace(name=project))
    build_set = SimpleNamespace(item=SimpleNamespace(change=change, live=True))
    manager: Any = cls(pipeline)
    event = SimpleNamespace(build_set=build_set)
    manager.onMergeCompleted(event)
    assert manager.completed == [event]
    return build_set


@pytest.mark.parametrize(
    ("topic", "group"),
    [
        ("group/icehouse", "icehouse"),
        ("group/ icehouse ", "icehouse"),
        ("group/", None),
        ("bug/12", None),
        (None, None),
    ],
)
def test_changes_of_a_declared_group_share_its_repository(topic: str | None, group: str | None) -> None:
    build_set = merged(topic)
    assert (build_set.group, build_set.fault) == (group, None)


@pytest.mark.parametrize("name", ["havana", "icehouse2", "../icehouse", "php 8", "x" * 500])
def test_a_group_that_the_site_does_not_declare_is_answered_in_words(name: str) -> None:
    build_set = merged(f"group/{name}")
    said = untested.told(build_set.fault, build_set.item.change)
    assert build_set.group is None
    assert f"its topic names the group {name[:40]}" in said and "which the site does not declare" in said
    assert "changes no vote" in said and len(said) < 500


def test_a_change_of_a_project_outside_of_the_group_is_answered_in_words() -> None:
    build_set = merged("group/icehouse", "packaging/greet")
    assert build_set.group is None
    assert "its topic names the group icehouse, which packaging/greet is not in" in build_set.fault


@pytest.mark.parametrize("pipeline", ["gate", "republish", "promote", "periodic"])
@pytest.mark.parametrize("topic", ["group/icehouse", "group/havana"])
def test_only_check_knows_groups(pipeline: str, topic: str) -> None:
    build_set = merged(topic, pipeline=pipeline)
    assert not hasattr(build_set, "group") and not hasattr(build_set, "fault")


def test_where_puppet_has_written_no_groups_none_is_declared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(grouping, "GROUPS", tmp_path / "none.json")
    assert "does not declare" in merged("group/icehouse").fault

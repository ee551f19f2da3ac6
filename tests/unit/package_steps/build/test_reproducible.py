"""Whether two builds of one commit are the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pkgci_steps.build.reproducible import compare, judge
from pkgci_steps.status import Status
from pkgci_steps.step import Step

from .conftest import told

HERE = {"project": "packaging/greet", "target": "trixie", "commit": "abc", "version": "1.0-1", "status": "passed"}


def file(name: str, checksum: str) -> dict[str, Any]:
    return {"name": name, "size": 1, "sha256": checksum}


def built(builds: Path, files: list[dict[str, Any]], **words: str) -> None:
    folder = builds / "Z1/trixie"
    folder.mkdir(parents=True)
    result = {**HERE, "build_id": "Z1", "started": "now", "files": files, **words}
    (folder / "result.json").write_text(json.dumps(result))


def test_the_files_that_differ_are_named_and_those_about_the_build_are_not() -> None:
    one = [file("a.deb", "1"), file("b.deb", "2"), file("a.buildinfo", "3"), file("a.changes", "4")]
    other = [
        file("a.deb", "1"),
        file("b.deb", "9"),
        file("a.buildinfo", "8"),
        file("a.changes", "7"),
        file("c.deb", ""),
    ]
    assert compare(one, other) == ["b.deb", "c.deb"]


def test_a_build_is_compared_with_an_earlier_one_of_its_commit(step: Step, tmp_path: Path) -> None:
    built(tmp_path / "builds", [file("a.deb", "1")])
    step.details["files"] = [file("a.deb", "2")]
    said = judge(step, "abc", "1.0-1", list, tmp_path / "builds")
    assert said == {"same": False, "differs": ["a.deb"], "compared_with": "Z1 of now"}
    assert [case.status for case in step.cases] == [Status.FAILED]


def test_another_version_is_nothing_to_compare_with(step: Step, tmp_path: Path) -> None:
    built(tmp_path / "builds", [file("a.deb", "1")], version="1.0-1~c12.3")
    step.details["files"] = [file("a.deb", "2")]
    assert judge(step, "abc", "1.0-1", list, tmp_path / "builds") is None


def test_where_nobody_waits_it_is_built_twice(step: Step, tmp_path: Path) -> None:
    periodic = told(step, pipeline="periodic")
    periodic.details["files"] = [file("a.deb", "1")]
    said = judge(periodic, "abc", "1.0-1", lambda: [file("a.deb", "1")], tmp_path)
    assert said == {"same": True, "differs": [], "compared_with": "a second build"}

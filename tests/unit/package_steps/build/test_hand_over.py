"""What a build leaves for the publisher."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pkgci_steps.build.hand_over import hand_over


def results(folder: Path, text: str) -> Path:
    folder.mkdir()
    for name in ("greet_1.0_all.deb", "older_1.0_all.deb", "log.txt", "junit.xml"):
        (folder / name).write_text(text)
    result = {"build_id": "Z1", "target": "trixie", "files": [{"name": "greet_1.0_all.deb"}]}
    (folder / "result.json").write_text(json.dumps(result))
    return folder


def test_everybody_can_read_what_was_built_and_nothing_else_is_there(tmp_path: Path) -> None:
    builds = tmp_path / "builds"
    builds.mkdir()
    place = hand_over(results(tmp_path / "out", "one"), builds)
    assert place == builds / "Z1/trixie"
    assert {file.name for file in place.iterdir()} == {"greet_1.0_all.deb", "log.txt", "junit.xml", "result.json"}
    assert {oct(path.stat().st_mode & 0o777) for path in (place, place.parent)} == {"0o755"}
    assert {oct(file.stat().st_mode & 0o777) for file in place.iterdir()} == {"0o644"}


def test_a_repeated_build_takes_the_place_of_the_first(tmp_path: Path) -> None:
    builds = tmp_path / "builds"
    builds.mkdir()
    hand_over(results(tmp_path / "one", "one"), builds)
    place = hand_over(results(tmp_path / "two", "two"), builds)
    assert (place / "greet_1.0_all.deb").read_text() == "two"
    assert [path.name for path in builds.iterdir()] == ["Z1"]


def test_builds_that_end_at_once_do_not_fail_each_other(tmp_path: Path) -> None:
    builds = tmp_path / "builds"
    builds.mkdir()
    folders = [results(tmp_path / f"{number}", f"{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda folder: hand_over(folder, builds), folders)) == {builds / "Z1/trixie"}
    assert [path.name for path in builds.iterdir()] == ["Z1"]
    assert len(list((builds / "Z1/trixie").iterdir())) == 4

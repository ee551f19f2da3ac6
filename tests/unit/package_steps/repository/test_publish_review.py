"""What a build host may say and send, and what of it is published."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pkgci_steps import review
from pkgci_steps.repository.engine import Repository
from pkgci_steps.repository.publish_review import perform
from pkgci_steps.status import Ended, Status

from .conftest import GOOD, World, repository, versions
from .readers import check_readable
from .tools import Killed


@pytest.mark.parametrize("target", ["trixie", "rpm"])
def test_a_build_is_published_in_the_changes_own_repository(world: World, target: str) -> None:
    inputs = world.inputs(target=target)
    world.build(inputs, GOOD)
    assert world.review(inputs).endswith(f"{world.settings.repository.url}review/5/")
    assert versions(repository(world)) == [f"{target} greet {GOOD}"]
    check_readable(repository(world))
    record = json.loads((repository(world).folder / f"current/builds/Z5/{target}.json").read_text())
    words = {name: record[name] for name in ("project", "change", "patchset", "pipeline", "target", "build_id")}
    assert words == {
        "project": "packaging/greet",
        "change": "5",
        "patchset": "2",
        "pipeline": "check",
        "target": target,
        "build_id": "Z5",
    }
    assert {file["package"] for file in record["files"]} == {"greet"}
    assert {file["source"] for file in record["files"]} == {"greet"}
    assert repository(world).state().changes == {"5": "packaging/greet"}


@pytest.mark.parametrize("version", ["1.0^git20240101-1~c5.2", "1.0~rc1^2-1~c5.2.el9", "1_0+a-1~c5.2"])
def test_an_rpm_version_is_published_whatever_rpm_lets_it_be(world: World, version: str) -> None:
    inputs = world.inputs(target="rpm")
    world.build(inputs, version)
    world.review(inputs)
    assert versions(repository(world)) == [f"rpm greet {version}"]
    check_readable(repository(world))
    record = (repository(world).folder / "current/builds/Z5/rpm.json").read_bytes()
    told = review.published(inputs, world.settings, lambda _: record)
    assert [file.version for file in told.binaries()] == [version]


def test_what_a_build_leaves_beside_its_packages_is_not_published(world: World) -> None:
    folder = world.build(world.inputs(), GOOD)
    (folder / f"greet_{GOOD}_amd64.buildinfo").write_text("anything")
    world.say(folder, world.inputs())
    world.review(world.inputs())
    names = {file.name for file in repository(world).manifest().entries[0].files}
    assert names == {f"greet_{GOOD}{end}" for end in ("_all.deb", ".dsc", ".tar.xz")}


def _patchset(world: World, number: str, target: str = "trixie") -> None:
    inputs = world.inputs(patchset=number, target=target)
    world.build(inputs, f"1.0-1~c5.{number}")
    world.review(inputs)


def test_a_new_patch_set_takes_the_older_ones_out_for_every_target(world: World) -> None:
    _patchset(world, "1")
    _patchset(world, "1", "bookworm")
    _patchset(world, "2")
    assert versions(repository(world)) == ["trixie greet 1.0-1~c5.2"]
    _patchset(world, "2", "bookworm")
    assert versions(repository(world)) == ["trixie greet 1.0-1~c5.2", "bookworm greet 1.0-1~c5.2"]
    check_readable(repository(world))


def test_an_older_patch_set_that_comes_late_takes_nothing_out(world: World) -> None:
    _patchset(world, "10")
    with pytest.raises(Ended, match=r"patch set 10 of change 5 has been published, and 9 is out of date"):
        _patchset(world, "9")
    assert versions(repository(world)) == ["trixie greet 1.0-1~c5.10"]


def test_what_the_gate_builds_is_in_a_repository_of_its_run_and_check_never_comes_there(world: World) -> None:
    _patchset(world, "2")
    for run in ("Z7", "Z8"):
        inputs = world.inputs(pipeline="gate", ref=f"refs/zuul/main/{run}")
        world.build(inputs, "1.0-1", text=run)
        assert world.review(inputs).endswith(f"/packages/gate/5-{run}/")
        assert versions(Repository(f"gate/5-{run}", world.publisher)) == ["trixie greet 1.0-1"]
    assert versions(repository(world)) == [f"trixie greet {GOOD}"]


def test_the_gate_knows_no_group(world: World) -> None:
    inputs = world.inputs(pipeline="gate", group="nobody-declared-it")
    world.build(inputs, "1.0-1")
    assert world.review(inputs).endswith("/packages/gate/5-Z5/")
    assert not (world.publisher.public / "review").exists()


def test_a_change_that_leaves_its_group_takes_its_packages_along(world: World) -> None:
    for change in ("5", "6"):
        inputs = world.inputs(change=change, group="big")
        world.build(inputs, f"1.0-1~c{change}.2")
        world.review(inputs)
    world.build(world.inputs(), GOOD)
    world.review(world.inputs())
    assert versions(repository(world, "group-big")) == ["trixie greet 1.0-1~c6.2"]
    assert versions(repository(world)) == ["trixie greet 1.0-1~c5.2"]
    assert not (repository(world).folder).is_symlink()


def test_the_same_build_again_is_no_new_state_but_a_record_of_its_own(world: World) -> None:
    world.build(world.inputs(), GOOD)
    world.review(world.inputs())
    again = world.inputs(ref="refs/zuul/main/Z6")
    world.build(again, GOOD)
    assert "was there already" in world.review(again)
    assert len(repository(world).generations()) == 1
    assert (repository(world).folder / "builds/Z6/trixie.json").is_file()


def test_the_second_try_finishes_what_was_killed_at_any_moment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Jenkins restarts, the first try may come to its end, as another account runs it, or is cut off anywhere."""
    world.build(world.inputs(), GOOD)
    left = 0

    def maybe_die(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    rename, replace = Path.rename, Path.replace
    monkeypatch.setattr(Path, "rename", lambda path, to: (maybe_die(), rename(path, to), maybe_die())[1])
    monkeypatch.setattr(Path, "replace", lambda path, to: (maybe_die(), replace(path, to), maybe_die())[1])
    world.tools.before = maybe_die
    for moment in range(1, 200):
        left = moment
        try:
            world.review(world.inputs())
        except Killed:
            left = 0
            world.review(world.inputs())
        lived, left = left > 0, 0
        assert versions(repository(world)) == [f"trixie greet {GOOD}"]
        assert [file.name for file in (repository(world).folder / "builds/Z5").iterdir()] == ["trixie.json"]
        check_readable(repository(world))
        if lived:
            break
        shutil.rmtree(world.publisher.public / "review")
    assert moment > 10


def test_another_build_of_the_same_patch_set_takes_the_place_of_the_first(world: World) -> None:
    world.build(world.inputs(), GOOD, text="one")
    world.review(world.inputs())
    world.build(world.inputs(), GOOD, text="two")
    world.review(world.inputs())
    assert versions(repository(world)) == [f"trixie greet {GOOD}"]
    check_readable(repository(world))


def test_changes_of_a_group_share_a_repository_that_each_ones_number_leads_to(world: World) -> None:
    world.build(world.inputs(), GOOD)
    world.review(world.inputs())  # before it was given a topic
    for change in ("5", "6"):
        inputs = world.inputs(change=change, group="big")
        world.build(inputs, f"1.0-1~c{change}.2")
        world.review(inputs)
    shared = repository(world, "group-big")
    assert versions(shared) == ["trixie greet 1.0-1~c5.2", "trixie greet 1.0-1~c6.2"]
    for change in ("5", "6"):
        assert (shared.folder.parent / change).resolve() == shared.folder.resolve()


def test_the_gate_publishes_the_releases_own_version(world: World) -> None:
    inputs = world.inputs(pipeline="gate")
    world.build(inputs, "1.0-1")
    world.review(inputs)
    assert versions(Repository("gate/5-Z5", world.publisher)) == ["trixie greet 1.0-1"]


@pytest.mark.parametrize(
    ("group", "project", "words"),
    [
        ("havana", "packaging/greet", "there is no group 'havana'"),
        ("icehouse", "packaging/wordcount", "packaging/wordcount is not in the group 'icehouse'"),
    ],
)
def test_a_change_of_an_undeclared_group_or_of_a_project_outside_of_it_is_refused_in_words(
    world: World, group: str, project: str, words: str
) -> None:
    settings = replace(world.settings, groups={"icehouse": ("packaging/greet",)})
    settings.check_group("icehouse", "packaging/greet")
    step = world.step(world.inputs(project=project, group=group))
    step.settings = settings
    with pytest.raises(Ended, match=words) as ended:
        perform(step)
    assert ended.value.status is Status.FAILED

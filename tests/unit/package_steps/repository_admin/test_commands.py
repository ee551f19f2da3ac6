"""What is published is listed, taken back, rolled back and signed anew: as planned, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pkgci_steps.repository.engine import Repository
from pkgci_steps.repository_admin import commands, main
from pkgci_steps.repository_admin.main import _parser, perform
from pkgci_steps.repository_admin.text import as_text
from pkgci_steps.status import Ended, Status

from pkgci.publish import data

from .conftest import Names, World

GREET, OLD, TIDY = ("trixie", "greet", "1.1"), ("trixie", "greet", "1.0"), ("trixie", "tidy-logs", "2")
OTHER = ("bookworm", "greet", "1.1")


def test_the_list_has_everything_that_is_published(world: World, names: Names) -> None:
    world.publish("release", OLD)
    world.publish("release", GREET, OTHER)
    world.review("13", {"13": "packaging/greet"}, timedelta(hours=1))
    (world.publisher.public / "review/14").symlink_to("13")
    found = commands.listed(world.publisher)
    assert names(found["released"]) == [GREET, OTHER]
    assert found["released"][0]["packages"] == ["greet", "libgreet1"]
    assert found["released"][0]["size"] == 2010
    assert [one["number"] for one in found["generations"]] == [2, 1]
    assert [(one["name"], one["changes"][0]["project"]) for one in found["reviews"]] == [("13", "packaging/greet")]


def test_a_change_whose_packages_are_released_is_listed_as_merged(world: World) -> None:
    world.review("12", {"12": "packaging/greet"}, timedelta(hours=1))
    assert data.overview(json.loads(json.dumps(commands.listed(world.publisher)))).reviews[0].closed is None
    world.publish("release", GREET)
    assert data.overview(json.loads(json.dumps(commands.listed(world.publisher)))).reviews[0].closed is not None


def test_what_a_disk_has_at_its_top_is_no_review_repository(world: World) -> None:
    world.review("13", {"13": "packaging/greet"}, timedelta(hours=1))
    world.review("lost+found", {}, timedelta(hours=1))
    assert [one.name for one in commands.reviews(world.publisher)] == ["review/13"]


def test_the_operators_side_reads_what_the_host_says(world: World) -> None:
    world.publish("release", OLD)
    world.publish("release", GREET)
    world.review("13", {"13": "packaging/greet"}, timedelta(hours=1))
    answers = [commands.listed(world.publisher), commands.plan_rollback(world.publisher, None)]
    listed, planned = (json.loads(json.dumps(answer)) for answer in answers)
    assert data.overview(listed).reviews[0].changes == (("13", "packaging/greet"),)
    plan = data.plan(planned)
    assert (plan.generation, plan.to, plan.gone[0].version, plan.back[0].version) == (2, 1, "1.1", "1.0")


def test_before_anything_was_published_there_is_nothing_to_list(world: World) -> None:
    found = commands.listed(world.publisher)
    assert (found["generation"], found["released"], found["reviews"]) == (None, [], [])
    with pytest.raises(Ended, match="nothing has been published yet"):
        commands.plan_removal(world.publisher, "greet", None, None)


@pytest.mark.parametrize(
    ("package", "target", "version", "gone"),
    [
        ("greet", None, None, [GREET, OTHER]),
        ("libgreet1", None, None, [GREET, OTHER]),
        ("greet", "trixie", None, [GREET]),
        ("tidy-logs", None, "2", [TIDY]),
    ],
)
def test_a_removal_takes_what_was_named_and_all_of_its_source(
    world: World, names: Names, package: str, target: str | None, version: str | None, gone: list[tuple[str, str, str]]
) -> None:
    world.publish("release", GREET, OTHER, TIDY)
    plan = commands.plan_removal(world.publisher, package, target, version)
    assert (names(plan["gone"]), plan["back"], plan["generation"]) == (gone, [], 1)
    assert len(commands.listed(world.publisher)["released"]) == 3
    assert commands.remove(world.publisher, package, target, version, 1) == {"generation": 2}
    left = names(commands.listed(world.publisher)["released"])
    assert left == [one for one in (GREET, OTHER, TIDY) if one not in gone]


@pytest.mark.parametrize(("package", "target", "version"), [("nonsense", None, None), ("greet", "rpm", None)])
def test_what_is_not_there_cannot_be_removed(
    world: World, package: str, target: str | None, version: str | None
) -> None:
    world.publish("release", GREET)
    with pytest.raises(Ended, match="among the released packages") as ended:
        commands.plan_removal(world.publisher, package, target, version)
    assert ended.value.status is Status.MISUSED


def test_a_plan_is_carried_out_on_its_own_state_or_not_at_all(world: World, names: Names) -> None:
    world.publish("release", GREET)
    world.publish("release", GREET, TIDY)
    for change in (
        lambda: commands.remove(world.publisher, "greet", None, None, 1),
        lambda: commands.roll_back(world.publisher, 1, 1),
    ):
        with pytest.raises(Ended, match="is at generation 2 by now") as ended:
            change()
        assert ended.value.status is Status.FAILED
    assert names(commands.listed(world.publisher)["released"]) == [GREET, TIDY]


def test_a_rollback_is_a_new_state_with_the_packages_of_an_earlier_one(world: World, names: Names) -> None:
    for versions in ([OLD], [GREET], [GREET, TIDY]):
        world.publish("release", *versions)
    plan = commands.plan_rollback(world.publisher, 1)
    assert (names(plan["gone"]), names(plan["back"]), plan["to"]) == ([GREET, TIDY], [OLD], 1)
    assert commands.plan_rollback(world.publisher, None)["to"] == 2
    assert commands.roll_back(world.publisher, 1, 3) == {"generation": 4, "to": 1}
    assert names(commands.listed(world.publisher)["released"]) == [OLD]
    assert commands.plan_rollback(world.publisher, 3)["to"] == 3


@pytest.mark.parametrize(("number", "words"), [(9, "there are 1"), (2, "there are 1"), (0, "there are 1")])
def test_there_is_no_way_back_to_what_never_was(world: World, number: int, words: str) -> None:
    world.publish("release", OLD)
    world.publish("release", GREET)
    with pytest.raises(Ended, match=words):
        commands.plan_rollback(world.publisher, number)


def test_the_first_state_has_none_before_it(world: World) -> None:
    world.publish("release", OLD)
    with pytest.raises(Ended, match="with other packages before this one: this is the first"):
        commands.plan_rollback(world.publisher, None)


def test_a_state_that_was_only_signed_anew_is_none_to_go_back_to(world: World) -> None:
    world.publish("release", OLD)
    world.publish("release", GREET)
    world.keys = ("B!",)
    commands.refresh(world.publisher)
    assert commands.plan_rollback(world.publisher, None)["to"] == 1


def test_a_new_site_gets_a_first_state_once(world: World) -> None:
    assert [one.name for one in commands.stale(world.publisher)] == ["release"]
    assert commands.refresh(world.publisher) == ["release: generation 1"]
    assert commands.refresh(world.publisher) == []


@pytest.mark.parametrize(
    ("desk", "done"),
    [
        ("release", ["release: generation 2"]),
        ("review", ["review/13: generation 2"]),
        ("gate", ["gate/13-Z1: generation 2"]),
    ],
)
def test_each_account_signs_anew_what_is_its_own(world: World, desk: str, done: list[str]) -> None:
    for name in ("release", "gate/13-Z1"):
        world.publish(name, GREET)
    world.review("13", {"13": "packaging/greet"}, timedelta(hours=1))
    world.keys = ("A!", "B!")
    own = replace(world.publisher, desks=(desk,))
    assert commands.refresh(own) == done
    assert commands.refresh(own) == []


def test_other_keys_and_other_pages_make_a_new_state_everywhere(world: World, names: Names) -> None:
    world.publish("release", GREET)
    world.review("13", {"13": "packaging/greet"}, timedelta(hours=1))
    world.publish("gate/13-Z1", ("trixie", "greet", "1.1"))
    assert commands.stale(world.publisher) == []
    world.keys = ("A!", "B!")
    assert commands.refresh(world.publisher) == [
        "release: generation 2",
        "review/13: generation 2",
        "gate/13-Z1: generation 2",
    ]
    assert Repository("release", world.publisher).manifest().signed_by == ("A!", "B!")
    world.page = "another page"
    assert len(commands.refresh(world.publisher)) == 3
    assert commands.refresh(world.publisher) == []
    assert names(commands.listed(world.publisher)["released"]) == [GREET]


def test_the_program_plans_until_it_is_told_the_state(world: World) -> None:
    world.publish("release", OLD)
    world.publish("release", GREET)

    def answer(*words: str) -> str:
        parsed = _parser().parse_args(words)
        return as_text(parsed.command, perform(world.publisher, parsed))

    assert answer("remove", "greet") == "- trixie  greet 1.1\nplanned on generation 2"
    assert answer("rollback") == "- trixie  greet 1.1\n+ trixie  greet 1.0\nplanned on generation 2"
    assert answer("rollback", "--generation=2", "1") == "done: generation 3"
    assert "trixie  greet 1.0" in answer("list")
    assert answer("refresh") == answer("check") == "nothing to do"
    world.keys = ("B!",)
    with pytest.raises(Ended, match="not as the site says today: release"):
        answer("check")


def test_the_program_says_what_is_wrong_on_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main.site, "FILE", tmp_path / "none.json")
    monkeypatch.setattr(main.site, "read", lambda: (_ for _ in ()).throw(Ended(Status.INFRASTRUCTURE, "no settings")))
    assert main.main(["list", "--json"]) == 3
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "pkgci-repository: no settings\n")

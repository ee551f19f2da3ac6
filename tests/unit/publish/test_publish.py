"""``pkgci publish``: what is shown, what is asked, and that just the plan is carried out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.cli.main import run
from tests.unit.publish.conftest import REMOVAL, ROLLBACK, FakePublisher

Said = pytest.CaptureFixture[str]


@pytest.fixture
def pkgci(write_site: Callable[[], Path]) -> Callable[..., int]:
    path = str(write_site())
    return lambda command, *words: run(["publish", command, "--site", path, *words])


def test_the_list_has_what_is_released_what_is_under_review_and_earlier_states(
    pkgci: Callable[..., int], publisher: FakePublisher, capsys: Said
) -> None:
    assert pkgci("list") == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "greet 1.0-1 packaging/greet, change 12 with libgreet1" in lines
    assert any(line.startswith("13 packaging/greet 13 open rpm, trixie") for line in lines)
    assert any(line.endswith("1.2 MB 3 states") for line in lines)
    assert "7 2026-11-23 10:00 change 12, now" in lines
    assert "6 2026-11-22 10:00 the first state" in lines


def test_the_list_is_there_for_machines(pkgci: Callable[..., int], publisher: FakePublisher, capsys: Said) -> None:
    assert pkgci("list", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["generation"] == 7
    assert found["reviews"][0]["changes"] == [["13", "packaging/greet"]]


def test_an_empty_repository_says_so(pkgci: Callable[..., int], publisher: FakePublisher, capsys: Said) -> None:
    empty = {"site": "test", "url": "https://x/", "generation": None, "generations": [], "released": [], "reviews": []}
    publisher.says("list", empty)
    assert pkgci("list") == 0
    assert "nothing is released yet" in capsys.readouterr().out


def test_without_a_terminal_the_plan_is_shown_and_nothing_is_done(
    pkgci: Callable[..., int], publisher: FakePublisher, capsys: Said
) -> None:
    assert pkgci("remove", "greet") == 2
    shown = capsys.readouterr()
    assert "- trixie  greet  1.0-1" in shown.out
    assert "--yes greet" in shown.err
    assert publisher.asked == [["remove", "--json", "--", "greet"]]


def test_just_the_plan_is_carried_out(pkgci: Callable[..., int], publisher: FakePublisher, capsys: Said) -> None:
    assert pkgci("remove", "greet", "--target", "trixie", "--version", "1.0-1", "--yes") == 0
    words = ["--json", "--target=trixie", "--version=1.0-1"]
    assert publisher.asked == [
        ["remove", *words, "--", "greet"],
        ["remove", *words, "--generation=7", "--", "greet"],
    ]
    assert re.search(r"pkgci publish rollback --site \S+ 7\n", capsys.readouterr().err)


def test_a_rollback_goes_to_the_state_that_was_planned(
    pkgci: Callable[..., int], publisher: FakePublisher, capsys: Said
) -> None:
    assert pkgci("rollback", "--yes") == 0
    assert publisher.asked == [["rollback", "--json"], ["rollback", "--json", "--generation=7", "6"]]
    assert "+ trixie  greet" in capsys.readouterr().out


def test_a_rollback_to_the_same_packages_does_nothing(
    pkgci: Callable[..., int], publisher: FakePublisher, capsys: Said
) -> None:
    publisher.says("rollback", {**ROLLBACK, "back": []})
    assert pkgci("rollback") == 0
    assert len(publisher.asked) == 1
    assert "nothing to do" in capsys.readouterr().err


def test_for_machines_the_plan_and_the_new_state_are_one_document(
    pkgci: Callable[..., int], publisher: FakePublisher, capsys: Said
) -> None:
    assert pkgci("remove", "greet", "--json", "--yes") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["generation"] == 8
    assert [version["source"] for version in answer["planned"]["gone"]] == ["greet"]
    assert pkgci("remove", "greet", "--json") == 2


@pytest.mark.parametrize(
    ("status", "words", "code", "hint"),
    [
        (2, "pkgci-repository: there is no nonsense among the released packages", 2, "pkgci publish list"),
        (1, "pkgci-repository: release is at generation 8 by now", 1, "run the same command again for a new plan"),
        (3, "pkgci-repository: could not sign Release", 1, "journalctl on pub01"),
        (1, "runuser: user publisher does not exist", 1, "pkgci bootstrap --host pub01"),
    ],
)
def test_what_goes_wrong_there_is_said_here_with_what_to_type(
    pkgci: Callable[..., int], publisher: FakePublisher, capsys: Said, status: int, words: str, code: int, hint: str
) -> None:
    publisher.fails("remove done", status, words)
    assert pkgci("remove", "greet", "--yes") == code
    said = capsys.readouterr().err
    assert words.rpartition(": ")[2] in said
    assert hint in re.sub(r" --site \S+", "", said)
    assert "Traceback" not in said


def test_an_unknown_target_is_named_before_anybody_is_asked(
    pkgci: Callable[..., int], publisher: FakePublisher, capsys: Said
) -> None:
    assert pkgci("remove", "greet", "--target", "trixi") == 2
    assert "no target 'trixi'" in capsys.readouterr().err
    assert publisher.asked == []


def test_no_word_becomes_an_option_or_a_command(
    pkgci: Callable[..., int], publisher: FakePublisher, capsys: Said
) -> None:
    publisher.says("remove", REMOVAL)
    pkgci("remove", "--version", "$(reboot)", "--", "-x;reboot")
    assert publisher.asked == [["remove", "--json", "--version=$(reboot)", "--", "-x;reboot"]]


def test_an_answer_that_nobody_expects_is_no_traceback(
    pkgci: Callable[..., int], publisher: FakePublisher, capsys: Said
) -> None:
    publisher.says("list", {"something": "else"})
    assert pkgci("list") == 1
    assert "answered something else" in capsys.readouterr().err

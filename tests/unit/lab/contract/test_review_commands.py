"""What the stand-in answers to commands over SSH, beside what a real Gerrit answered: output, errors, exit status."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from pkgci.lab.stand_ins.review.commands import Answer
from pkgci.lab.stand_ins.review.model import Change
from tests.unit.lab.contract.recordings import VERSIONS, Command, commands
from tests.unit.lab.contract.replay import Lab
from tests.unit.lab.review.serving import make_key, ssh_door

_VERSION = re.compile(r"gerrit version 3\.\d+\.\d+\S*")
# What is answered by the SSH side itself, below Gerrit's commands.
_STREAM = "gerrit stream-events"


def cases() -> list[tuple[str, Command]]:
    return [(version, command) for version in VERSIONS for command in commands(version)]


def name(case: object) -> str:
    return case.line if isinstance(case, Command) else str(case)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "state", make_key(tmp_path / "key"), projects=("demo/a", "demo/b"))


def standing(lab: Lab) -> dict[str, int]:
    """Makes the changes that the recorded commands name, as they were; returns the number that each has here."""
    merged = lab.land(lab.propose("demo/b", "merged", _identity(3)))
    restored = lab.propose("demo/b", "restored", _identity(11))
    for deed in ("abandon", "restore"):
        lab.done(f"review --{deed} {restored.number},1", "alice")
    old = lab.propose("demo/b", "two patch sets", _identity(27))
    lab.propose("demo/b", "two patch sets", _identity(27))
    opened = lab.propose("demo/b", "open", _identity(33))
    wip = lab.propose("demo/b", "work in progress", _identity(34), "%wip", on=opened.current.revision)
    edited = lab.propose("demo/b", "edited", _identity(65))
    lab.propose("demo/b", "edited", _identity(65))
    approved = {wip.number: "Code-Review=2", edited.number: "Code-Review=2"}
    for number, vote in approved.items():
        target = f"{number},{lab.review.change(number).current.number}"
        lab.done(f"review --label {vote} {target}", "alice")
    found: Mapping[str, Change] = {"3": merged, "11": restored, "27": old, "33": opened, "34": wip, "65": edited}
    return {number: change.number for number, change in found.items()}


def _identity(number: int) -> str:
    return f"I{number:040x}"


def renumbered(text: str, numbers: Mapping[str, int]) -> str:
    """``text`` with the numbers that changes have here. Counts and values of votes are no numbers of changes."""
    return re.sub(
        r"(?<![\w=.-])(\d+)(?=,\d|:| is| must| but|$)", lambda match: str(numbers.get(match[1], match[1])), text
    )


@pytest.fixture(scope="module")
def stood(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, dict[str, int]]:
    """A lab for all recorded commands, as there was one real Gerrit for them."""
    lab = Lab(tmp_path_factory.mktemp("stood"))
    return lab, standing(lab)


@pytest.mark.parametrize("command", [c for _, c in cases() if c.line != _STREAM], ids=name)
def test_a_command_answers_as_it_was_answered(stood: tuple[Lab, dict[str, int]], command: Command) -> None:
    lab, numbers = stood
    said = lab.run(renumbered(command.line, numbers).removeprefix("gerrit "), command.user)
    ours = (_lines(_same_version(said.out)), _lines(said.err), said.status)
    out = tuple(_same_version(renumbered(line, numbers)) for line in command.out)
    err = tuple(renumbered(line, numbers) for line in command.err)
    assert ours == (out, err, command.status)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.removesuffix("\n").split("\n")) if text else ()


def _same_version(text: str) -> str:
    """What answers says so in its version; how fast, every time anew."""
    text = re.sub(r'"runTimeMilliseconds":\d+', '"runTimeMilliseconds":0', text)
    return re.sub(r"gerrit version \d+\.\d+\.\d+.*", "gerrit version", text)


def test_the_version_says_that_it_is_the_stand_ins(lab: Lab) -> None:
    said = lab.done("version")
    assert _VERSION.match(said)
    assert "pkgci stand-in" in said


def test_over_ssh_output_and_errors_come_apart_and_the_status_with_them(lab: Lab, tmp_path: Path) -> None:
    numbers = standing(lab)
    wanted = [command for _, command in cases() if command.line in _OVER_SSH or "restricted" in str(command.err)]
    assert len(wanted) == len(_OVER_SSH) + 1
    with ssh_door(lab.review, tmp_path, tmp_path / "key") as door:
        for command in wanted:
            done = door.run(command.user, renumbered(command.line, numbers))
            expected = Answer(_joined(command.out), _joined(command.err), command.status)
            assert Answer(_same_version(done.stdout), done.stderr, done.returncode) == expected


_OVER_SSH = (_STREAM, "gerrit nonsense", "gerrit show-connections", "gerrit query --format json bogus:x")


def _joined(lines: tuple[str, ...]) -> str:
    return "".join(f"{line}\n" for line in lines)


def test_a_vote_that_is_dropped_leaves_its_message(lab: Lab) -> None:
    change = lab.propose("demo/b", "one", _identity(1))
    lab.set("verified-range", "1")
    for vote in ("Verified=2", "Nonsense=1"):
        lab.done(f"review --label {vote} --message 'Build succeeded.' {change.number},1")
    assert lab.review.change(change.number).current.approvals == ()
    texts = [message.text for message in lab.review.change(change.number).messages[1:]]
    assert texts == ["Patch Set 1:\n\nBuild succeeded."] * 2


@pytest.mark.parametrize(
    ("settings", "votes", "why"),
    [
        (("submit-right", "off"), "Verified=2", "submit not permitted"),
        (("verified-range", "1"), "Verified=2", "Change 1 is not ready: submit requirement 'Verified' is unsatisfied."),
        (("verified-range", "1"), "Verified=1", None),
        (
            ("submit-requirement", "Reviewed=label:Workflow=MAX", "on"),
            "Verified=2",
            "Change 1 is not ready: submit requirement 'Reviewed' is unsatisfied.",
        ),
        (("submit-requirement", "Verified", "off"), "Verified=0", None),
    ],
)
def test_what_is_set_in_a_running_review_refuses_the_submit_or_lets_it_in(
    lab: Lab, settings: tuple[str, ...], votes: str, why: str | None
) -> None:
    lab.propose("demo/b", "one", _identity(1))
    lab.done("review --code-review 2 1,1", "alice")
    lab.set(*settings, "--project", "demo/b")
    said = lab.run(f"review --label {votes} --submit 1,1")
    if why is None:
        assert said == Answer()
        assert lab.review.change(1).status == "MERGED"
    else:
        assert why in said.err
        assert said.status == 1
        assert lab.review.change(1).open


@pytest.mark.parametrize(
    "words",
    [
        ("set", "submit-type", "SQUASH"),
        ("set", "verified-range", "3"),
        ("set", "anonymous-read", "perhaps"),
        ("set", "submit-requirement", "Reviewed=is:submittable", "on"),
        ("set", "submit-right", "off", "--project", "demo/none"),
        ("mark", "9", "wip"),
        ("mark", "1", "blue"),
    ],
)
def test_a_wrong_setting_is_refused_and_sets_nothing(lab: Lab, words: tuple[str, ...]) -> None:
    said = lab.run(shlex.join(("stand-in", *words)), "alice")
    assert said.status == 1
    assert said.err.startswith("fatal: ")
    assert lab.review.policy("demo/a") == lab.review.policy("demo/none")


def test_the_settings_are_peoples_not_zuuls_and_outlive_a_restart(lab: Lab, tmp_path: Path) -> None:
    assert lab.run("stand-in set verified-range 1").status == 1
    lab.set("verified-range", "1")
    lab.set("submit-type", "REBASE_ALWAYS", "--project", "demo/a")
    again = Lab(tmp_path / "state").review
    assert (again.policy("demo/a").verified_range, again.policy("demo/a").submit_type) == (1, "REBASE_ALWAYS")
    assert again.policy("demo/b").submit_type == "MERGE_IF_NECESSARY"


def test_a_change_is_marked_and_that_is_told(lab: Lab) -> None:
    lab.propose("demo/b", "one", _identity(1))
    for mark, kind in (("wip", "wip-state-changed"), ("private", "private-state-changed")):
        lab.done(f"stand-in mark 1 {mark}", "alice")
        assert lab.told[-1]["type"] == kind
        assert lab.told[-1]["change"][mark] is True
        assert lab.told[-1]["changer"]["username"] == "alice"
    assert lab.run("review --message hidden 1,1").err == "fatal: database error\n"
    lab.done("stand-in mark 1 public", "alice")
    lab.done("review --message seen 1,1")

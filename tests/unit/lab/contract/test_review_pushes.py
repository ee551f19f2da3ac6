"""What git prints of a push to the stand-in, beside what it printed of one to a real Gerrit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.lab.contract.recordings import Push, pushes, said
from tests.unit.lab.contract.replay import HOST, Lab
from tests.unit.lab.review.serving import Door, make_key, ssh_door

_URL = f"ssh://alice@{HOST}:29418/demo/b"
_IDS = (f"I{number:040x}" for number in range(1, 1000))


class Clone:
    """A clone of demo/b, and pushes from it: real git over SSH."""

    def __init__(self, lab: Lab, door: Door, directory: Path) -> None:
        self.lab = lab
        self.door = door
        self.directory = directory
        assert door.git("clone", "-q", _URL, str(directory)).returncode == 0

    def git(self, *words: str, email: str = "") -> str:
        done = self.door.git(*words, email=email, where=self.directory)
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    def commit(self, subject: str, *, footer: str | None = None) -> None:
        """A commit with a new Change-Id, on what is checked out."""
        last = f"Change-Id: {next(_IDS)}" if footer is None else footer
        (self.directory / subject).write_text(f"{subject}\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject, *(["-m", last] if last else []))

    def push(self, ref: str) -> tuple[list[str], int]:
        done = self.door.git("push", _URL, f"HEAD:{ref}", where=self.directory)
        return list(said(done.stdout.splitlines())), done.returncode


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """One clone for all cases, as when they were recorded: some go on from the one before."""
    directory = tmp_path_factory.mktemp("pushes")
    lab = Lab(directory / "state", make_key(directory / "key"))
    with ssh_door(lab.review, directory, directory / "key") as door:
        yield Clone(lab, door, directory / "clone")


def _afresh(clone: Clone) -> None:
    clone.git("checkout", "-q", "--detach", "origin/main")


def _no_change_id(clone: Clone) -> str:
    _afresh(clone)
    clone.commit("Nothing", footer="")
    return "refs/for/main"


def _foreign_committer(clone: Clone) -> str:
    _afresh(clone)
    clone.commit("Foreign")
    clone.git("commit", "-q", "--amend", "--no-edit", email="mallory@example.org")
    return "refs/for/main"


def _fresh(ref: str) -> Callable[[Clone], str]:
    def make(clone: Clone) -> str:
        _afresh(clone)
        clone.commit("Nobranch")
        return ref

    return make


def _as_it_is(clone: Clone) -> str:
    return "refs/for/main"


def _amended(clone: Clone) -> str:
    (clone.directory / "Nobranch").write_text("better\n")
    clone.git("commit", "-q", "-a", "--amend", "--no-edit")
    return "refs/for/main"


def _two(clone: Clone) -> str:
    _afresh(clone)
    clone.commit("Two 1")
    clone.commit("Two 2")
    return "refs/for/main"


def _to_a_merged_one(clone: Clone) -> str:
    change = clone.lab.land(clone.lab.propose("demo/b", "merged", next(_IDS)))
    _afresh(clone)
    clone.commit("Late", footer=f"Change-Id: {change.id}")
    return "refs/for/main"


CASES: dict[str, Callable[[Clone], str]] = {
    "no Change-Id": _no_change_id,
    "foreign committer": _foreign_committer,
    "direct push": _fresh("refs/heads/main"),
    "no such branch": _fresh("refs/for/nope"),
    "new": _fresh("refs/for/main%topic=t1"),
    "again, nothing new": _as_it_is,
    "amended": _amended,
    "two commits": _two,
    "to a merged change": _to_a_merged_one,
}


def test_every_recorded_push_has_its_case() -> None:
    assert list(CASES) == list(pushes())


@pytest.mark.parametrize("push", pushes().values(), ids=lambda push: push.name)
def test_git_prints_what_it_printed(clone: Clone, push: Push) -> None:
    ref = CASES[push.name](clone)
    lines, status = clone.push(ref)
    assert _normalised(lines) == _normalised(push.lines)
    assert status == push.status


def _normalised(lines: list[str] | tuple[str, ...]) -> list[str]:
    """Lines without the numbers of commits, and with each change's number as the how-manieth it is in them."""
    seen: dict[str, str] = {}
    text = "\n".join(lines).replace("ssh://alice@", "ssh://")
    text = re.sub(r"commit [0-9a-f]{7}:", "commit HASH:", text)
    text = re.sub(r"/\+/(\d+)", lambda match: f"/+/{seen.setdefault(match[1], f'n{len(seen)}')}", text)
    return text.splitlines()


@pytest.mark.parametrize(
    ("setting", "marks", "shown"),
    [
        ("wip", (True, False), " [WIP] [NEW]"),
        ("private", (False, True), " [PRIVATE] [NEW]"),
        ("private,wip", (True, True), " [PRIVATE] [WIP] [NEW]"),
        ("ready", (False, False), " [NEW]"),
    ],
)
def test_a_push_marks_its_change(clone: Clone, setting: str, marks: tuple[bool, bool], shown: str) -> None:
    _afresh(clone)
    clone.commit("Marked")
    lines, status = clone.push(f"refs/for/main%{setting}")
    change = list(clone.lab.review.changes.values())[-1]
    assert (change.wip, change.private, status) == (*marks, 0)
    assert any(line.endswith(f"Marked{shown}") for line in lines)
    (clone.directory / "Marked").write_text("better\n")
    clone.git("commit", "-q", "-a", "--amend", "--no-edit")
    clone.push("refs/for/main%ready,remove-private")
    change = clone.lab.review.change(change.number)
    assert (change.wip, change.private, change.current.number) == (False, False, 2)


def test_what_a_push_asks_for_and_the_stand_in_cannot_is_refused_in_its_name(clone: Clone) -> None:
    _afresh(clone)
    clone.commit("Asked")
    lines, status = clone.push("refs/for/main%submit")
    assert status == 1
    assert any("pkgci's stand-in for Gerrit cannot do this: a push with 'submit'" in line for line in lines)

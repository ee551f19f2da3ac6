"""Depends-On: the addresses and Change-Ids that it may name, and what a change is told of those that it may not."""

from __future__ import annotations

import logging
import time
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import depending, readiness

REVIEW = {"review.example.org": "", "ssh.example.org": ""}
ID = "I" + "a1" * 20


def asked(message: str, review: dict[str, str] = REVIEW) -> list[str]:
    """The numbers and Change-Ids of the changes that a message depends on."""
    return [one.number or one.change_id for one in depending.dependencies(message, review) if not one.problem]


@pytest.mark.parametrize(
    "value",
    [
        "https://review.example.org/c/packaging/hello/+/12",
        "https://review.example.org/c/packaging/hello/+/12/",
        "https://review.example.org/c/packaging%2Fhello/+/12/3",
        "https://review.example.org/c/hello/+/12/3/debian/control",
        "http://review.example.org/c/hello/+/12",
        "https://review.example.org:8443/c/hello/+/12",
        "https://Review.Example.org/c/hello/+/12?tab=comments",
        "https://ssh.example.org/12",
        "https://review.example.org/12/",
        "https://review.example.org/c/12",
        "https://review.example.org/#/c/12",
        "https://review.example.org/#/c/12/",
        "https://review.example.org/#/c/hello/+/12/2",
    ],
)
def test_every_address_that_gerrit_has_for_a_change_means_that_change(value: str) -> None:
    assert asked(f"A change\n\nDepends-On: {value}\nChange-Id: {ID}\n") == ["12"]


def test_several_are_honoured_each_once_whatever_their_kind_and_however_they_are_written() -> None:
    message = f"""A change

depends-on:   https://review.example.org/12 \r
Depends-On: https://review.example.org/13, https://review.example.org/14
Depends-On: {ID}
Depends-On: https://review.example.org/12
This depends on https://review.example.org/99
"""
    assert asked(message) == ["12", "13", "14", ID]


def test_a_review_below_a_path_is_known_by_it() -> None:
    connection = SimpleNamespace(baseurl="https://example.org/r/", server="example.org")
    review = depending.review_of(connection)
    assert asked("Depends-On: https://example.org/r/c/p/+/12\nDepends-On: https://example.org/13", review) == [
        "12",
        "13",
    ]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("https://github.com/a/b/pull/12", "no change of review.example.org"),
        ("https://review.example.org.evil.test/12", "no change of review.example.org"),
        ("https://review.example.org/q/topic:x", "not the address of a change"),
        ("https://review.example.org/", "not the address of a change"),
        ("https://[/12", "neither the address"),
        ("12", "neither the address"),
        ("I12", "neither the address"),
        ("", "neither the address"),
    ],
)
def test_what_cannot_be_followed_has_a_reason(value: str, why: str) -> None:
    (one,) = depending.dependencies(f"Depends-On: {value}", REVIEW)
    assert why in one.problem and one.number is None
    assert "recheck" not in depending.notice([("\x1b[2Jrecheck\n", one.problem)]).splitlines()


def test_a_message_of_any_length_takes_no_time() -> None:
    started = time.monotonic()
    blank = " " * 200_000
    assert asked(f"Depends-On: https://review.example.org/12{blank}x\n{blank}") == ["12"]
    assert time.monotonic() - started < 5


def test_gerrit_is_asked_for_a_bounded_number_of_changes_and_what_is_left_out_is_told() -> None:
    message = "".join(f"Depends-On: https://review.example.org/{number}\n" for number in range(1, 5000))
    found = depending.dependencies(message, REVIEW)
    assert [one.number for one in found if not one.problem] == [str(number) for number in range(1, 51)]
    assert [one.value for one in found if one.problem] == ["https://review.example.org/51"]


class Gerrit:
    """Zuul's source and its connection, as far as the mending touches them."""

    def __init__(self, records: list[dict[str, Any]], circle: bool = False) -> None:
        self.told: list[Any] = []
        self.records = records

        class Source:
            log = logging.getLogger("test")

            def _getNeededByFromCommit(self, change_id: str, change: Any) -> list[Any]:  # noqa: N802
                return [{"number": "20"}]

            def _updateChange(self, change: Any, history: Any = None) -> Any:  # noqa: N802
                change.needs = self._getDependsOnFromCommit(change.message, change)  # type: ignore[attr-defined]
                if circle and history is None:
                    self._updateChange(Change("8", "of the other"), ["7"])
                if circle:
                    raise Exception("Dependency cycle detected: 7 in ['7', '8']")
                return change

        depending.follow_addresses_of_changes(SimpleNamespace(GerritSource=Source))
        self.source: Any = Source()
        self.source.connection = SimpleNamespace(
            baseurl="https://review.example.org",
            server="ssh.example.org",
            user="zuul",
            simpleQuery=self.query,
            outbox=lambda: SimpleNamespace(add=self.told.append),
        )

    def query(self, words: str) -> list[dict[str, Any]]:
        key, _, value = words.partition(":")
        if key == "message":
            return [one for one in self.records if value.split()[0] in one["commitMessage"]]
        return [one for one in self.records if value in (one["number"], one.get("id"))]

    @property
    def words(self) -> list[str]:
        return [report.steps[0].message for report in self.told]


class Change:
    def __init__(self, number: str, message: str, *, foreign: bool = False) -> None:
        self.number, self.patchset, self.message, self.branch = number, "1", message, "main"
        self.project = SimpleNamespace(name="hello", foreign=foreign)
        self.open = self.is_current_patchset = True
        self._data: dict[str, Any] = {"comments": []}
        self.needs: list[Any] = []


A = {"number": "12", "project": "hello", "id": ID, "commitMessage": "A"}
B = {"number": "13", "project": "world", "commitMessage": "B\n\nDepends-On: https://review.example.org/12"}
C = {"number": "14", "project": "world", "commitMessage": "C of 12, and depends on nothing"}


def test_a_change_needs_what_it_names_by_address_or_id_once() -> None:
    gerrit = Gerrit([A, B])
    change = Change("7", f"Depends-On: https://review.example.org/c/hello/+/12\nDepends-On: {ID}")
    gerrit.source._updateChange(change)
    assert change.needs == [A] and gerrit.told == []


def test_a_change_is_needed_by_those_that_name_its_address() -> None:
    gerrit = Gerrit([A, B, C])
    found = gerrit.source._getNeededByFromCommit(ID, Change("12", ""))
    assert [one["number"] for one in found] == ["20", "13"]


def test_what_cannot_be_followed_is_told_once_for_a_patch_set() -> None:
    gerrit = Gerrit([A])
    lines = ("https://github.com/a/b/pull/1", "https://review.example.org/99", "https://review.example.org/c/x/+/12")
    change = Change("7", "\n".join(f"Depends-On: {line}" for line in lines))
    for _ in range(2):
        gerrit.source._updateChange(change)
    (text,) = gerrit.words
    assert text.splitlines()[2:] == [
        "Depends-On: https://github.com/a/b/pull/1: it is no change of review.example.org, the only review that Zuul "
        "listens to.",
        "Depends-On: https://review.example.org/99: Gerrit shows Zuul no such change.",
        "Depends-On: https://review.example.org/c/x/+/12: change 12 is one of another project.",
    ]
    change.patchset = "2"
    gerrit.source._updateChange(change)
    assert len(gerrit.told) == 2


@pytest.mark.parametrize("other", [{"project": SimpleNamespace(name="x", foreign=True)}, {"open": False}])
def test_a_change_that_is_none_of_zuuls_business_is_told_nothing(other: dict[str, Any]) -> None:
    gerrit = Gerrit([])
    change = Change("7", "Depends-On: nonsense")
    vars(change).update(other)
    gerrit.source._updateChange(change)
    assert gerrit.told == []


def test_changes_that_depend_on_each_other_are_told_so_once() -> None:
    gerrit = Gerrit([], circle=True)
    change = Change("7", "")
    for _ in range(2):
        with pytest.raises(Exception, match="cycle"):
            gerrit.source._updateChange(change)
    assert gerrit.words == [depending.notice_of_cycle()]
    assert gerrit.told[0].number == "7"
    assert readiness.notices_of(gerrit.source.connection) is not None

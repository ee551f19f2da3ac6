"""The repository test of DEB packages, with apt's and dose's words given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from pkgci_steps.install.apt import Apt
from pkgci_steps.offered import Offer, Tier
from pkgci_steps.repotest import deb, dose
from pkgci_steps.review import File, Repository
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

from .conftest import package

OWN = Repository("review-7", "https://pub.example.org/packages/review/7/deb/", "review.asc", 1003)
BEFORE = Repository("review-6", "https://pub.example.org/packages/review/6/deb/", "review.asc", 1002)
RELEASED = Repository("released", "https://pub.example.org/packages/deb/", "release.asc", 990)


def stanza(name: str, version: str, content: str) -> str:
    return f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nSource: greet (9)\nSHA256: {content}\n"


class Lists:
    """apt with the lists of three repositories."""

    def __init__(self, own: str, released: str, before: str) -> None:
        self._lists = {OWN.url: own, BEFORE.url: before, RELEASED.url: released}

    def packages(self, filter_: str) -> str:
        return self._lists[filter_.removeprefix("Repo-URI: ")]


def ours(own: str, released: str, content: str, before: str = "") -> Any:
    wanted = [File("greet_2_amd64.deb", 1, content, "greet", "2", "amd64", "greet")]
    return deb._ours(cast(Apt, Lists(own, released, before)), (OWN, BEFORE, RELEASED), wanted)


def test_earlier_patch_sets_of_the_change_count_for_nothing() -> None:
    own = "\n".join([stanza("greet", "2~c7.1", "a"), stanza("greet", "2~c7.2", "b")])
    change, beside, released = ours(own, stanza("greet", "1", "c"), "b")
    assert [item.version for item in change] == ["2~c7.2"]
    assert [item.version for item in beside] == [item.version for item in released] == ["1"]


def test_what_a_change_before_it_brings_is_there_without_it_but_not_released() -> None:
    change, beside, released = ours(stanza("greet", "3", "b"), "", "b", before=stanza("greet", "2", "a"))
    assert [item.version for item in change] == ["3"]
    assert [item.version for item in beside] == ["2"]
    assert released == []


def test_what_a_change_before_it_may_not_bring_is_not_there_and_what_apt_would_not_take_neither() -> None:
    offer = Offer((Tier(1002, ("libgreet",)), Tier(400, ("gperf", "new"))), (("libgreet", "1"),))
    before = replace(BEFORE, offer=offer)
    rows = [("libgreet", "2", "a"), ("libgreet", "1", "b"), ("gperf", "9", "c"), ("new", "1", "d"), ("other", "1", "e")]

    class Taking(Lists):
        def named(self, names: Sequence[str]) -> list[dict[str, str]]:
            assert set(names) == {"gperf", "new"}
            rows = [("gperf", "the distribution's"), ("gperf", "c"), ("new", "d"), ("new", "y")]
            return [{"Package": name, "SHA256": checksum} for name, checksum in rows]

    # The change itself has a newer one of what that change adds: without it, there is the older one.
    own = "\n".join([stanza("greet", "2", "z"), stanza("new", "2", "y")])
    lists = Taking(own, "", "\n".join(stanza(*row) for row in rows))
    wanted = [File("greet_2_amd64.deb", 1, "z", "greet", "2", "amd64", "greet")]
    wanted.append(File("new_2_amd64.deb", 1, "y", "new", "2", "amd64", "new"))
    _, beside, _ = deb._ours(cast(Apt, lists), (OWN, before, RELEASED), wanted)
    assert sorted(map(str, beside)) == ["libgreet 2", "new 1"]


def test_a_package_that_is_not_in_the_index_is_nobodys_pass() -> None:
    with pytest.raises(Ended, match="apt does not see greet 2") as caught:
        ours(stanza("greet", "2", "a"), "", "b")
    assert caught.value.status is Status.INFRASTRUCTURE


def closure(step: Step, monkeypatch: pytest.MonkeyPatch, after: list[dose.Broken], before: list[dose.Broken]) -> Any:
    class Root:
        folder = Path("/")

        def ask(self, *_: str) -> str:
            return "amd64\n"

    class Manager:
        root = Root()

    answers = iter([after, before])
    monkeypatch.setattr(deb.dose, "check", lambda *_: next(answers))
    monkeypatch.setattr(deb, "_base", lambda *_: None)
    change = [package("greet", "2", Provides="hello (= 2)")]
    cases = deb._closure(step, cast(Apt, Manager()), (), [package("needs-greet")], change)
    return {case.name: case.message for case in cases if case.message}


def test_a_package_that_the_change_breaks_is_named_with_what_it_needs(
    step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [dose.Broken("needs-greet", "1", "needs-greet", "hello (< 2)")]
    assert closure(step, monkeypatch, broken, []) == {
        "needs-greet: still installable": (
            "needs-greet 1 would break: it needs hello (< 2), which nothing provides; the change brings greet 2"
        )
    }


def test_a_package_that_was_broken_before_is_not_this_changes_fault(
    step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [dose.Broken("needs-greet", "1", "needs-greet", "no-such-thing")]
    assert closure(step, monkeypatch, broken, broken) == {}


def test_a_change_with_a_dependency_that_nothing_provides_fails(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [dose.Broken("greet", "2", "greet", "no-such-thing")]
    said = {"greet: dependencies": "it needs no-such-thing, which nothing provides"}
    assert closure(step, monkeypatch, broken, []) == said

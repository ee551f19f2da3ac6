"""What the answer of dnf's solver means."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

from pkgci_steps.install.dnf import Dnf
from pkgci_steps.offered import Offer, Tier
from pkgci_steps.repotest import rpm, solve
from pkgci_steps.review import Repository

GREET = {
    "name": "greet",
    "version": "1.1-1",
    "architecture": "noarch",
    "source": "greet",
    "content": "5 10",
    "id": "greet-1.1-1.noarch",
}
OLD = {**GREET, "version": "1.0-1", "content": "4 10", "id": "greet-1.0-1.noarch"}
NEEDS = "needs-greet-1.0-1.noarch"
WHY = f"package {NEEDS} from released requires greet < 1.1~, but none of the providers can be installed"


def messages(**words: Any) -> dict[str, str]:
    answer = {"change": [GREET], "released": [OLD], "before": {}, "after": {}, **words}
    return {case.name: case.message for case in rpm.judged(answer) if case.message}


def test_a_change_that_fits_has_no_failures() -> None:
    assert messages() == {}


def test_a_dependency_that_nothing_provides_is_the_changes_failure() -> None:
    why = "nothing provides no-such-thing >= 2 needed by greet-1.1-1.noarch from review-7"
    assert messages(after={GREET["id"]: [why]}) == {"greet: dependencies": why}


def test_a_package_that_the_change_breaks_is_named_with_what_it_needs_and_who_is_to_blame() -> None:
    said = messages(after={NEEDS: [WHY]})[f"{NEEDS}: still installable"]
    assert said == f"{NEEDS} would break: {WHY}; the change brings greet 1.1-1"


def test_what_was_broken_before_is_not_this_changes_fault() -> None:
    assert messages(before={NEEDS: [WHY]}, after={NEEDS: [WHY]}) == {}


def test_an_older_version_and_the_same_with_another_content_are_clashes() -> None:
    assert "is older" in messages(released=[{**OLD, "version": "2-1"}])["greet: version"]
    assert "another content" in messages(released=[{**GREET, "content": "6 11"}])["greet: version"]


def test_packages_that_the_source_makes_no_more_are_left_as_they_are() -> None:
    def found(name: str, source: str) -> SimpleNamespace:
        return SimpleNamespace(name=name, source_name=source)

    change = [found("greet", "greet"), found("greet-debuginfo", "greet")]
    there = [found("greet-doc", "greet"), found("greet", "greet"), found("other", "other"), *change]
    assert [package.name for package in solve.abandoned(there, change)] == ["greet-doc"]


def test_shared_folders_are_no_shared_files() -> None:
    assert solve.leaves(["/usr/lib/x", "/usr/lib/x/y", "/usr/lib/x/y/z", "/usr/bin/a"]) == [
        "/usr/bin/a",
        "/usr/lib/x/y/z",
    ]


def test_what_dnf_takes_of_the_distribution_is_not_there_from_a_change_behind_it() -> None:
    rows = [("gperf", "review-5-400"), ("new", "review-5-400"), ("gperf", "review-6"), ("greet", "released")]
    packages = [SimpleNamespace(name=name, reponame=where) for name, where in rows]
    taken = solve.taken(packages, ["review-5-400"], {"gperf", "greet", "bash"})
    assert [(one.name, one.reponame) for one in taken] == rows[1:]


def test_the_solver_is_told_the_parts_of_a_repository_that_stand_behind_the_distribution() -> None:
    asked: dict[str, Any] = {}

    class Root:
        def ask(self, *words: str) -> str:
            asked.update(json.loads(words[-1]))
            return json.dumps({"change": []})

    offer = Offer((Tier(1002, ("libgreet",)), Tier(400, ("new",))))
    chosen = (
        Repository("review-7", "https://pub/review/7/rpm/el9/", "review.asc", 1003),
        Repository("review-5", "https://pub/review/5/rpm/el9/", "review.asc", 1002, offer=offer),
        Repository("released", "https://pub/rpm/el9/", "release.asc", 990),
    )
    rpm._asked(cast(Dnf, SimpleNamespace(root=Root())), chosen, [])
    assert asked["own"] == "review-7" and asked["added"] == ["review-5-400"]
    assert asked["others"] == ["review-5", "review-5-400", "released"]

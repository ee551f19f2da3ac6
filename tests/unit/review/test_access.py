"""Gerrit's access rights, evaluated as Gerrit does."""

from __future__ import annotations

import pytest

from pkgci.review.access import Action, Level, Permission, Rule, Section, allowed, matches, obstacle, votes
from pkgci.review.words import Range

MINE = {"ci", "global:Registered-Users"}
MAIN = "refs/heads/main"


def section(ref: str, name: str, *rules: Rule, exclusive: bool = False) -> Section:
    return Section(ref, (Permission(name, rules, exclusive),))


def line(own: tuple[Section, ...] = (), parent: tuple[Section, ...] = ()) -> tuple[Level, ...]:
    return (Level("project", own), Level("All-Projects", parent))


ALLOW = section("refs/heads/*", "submit", Rule("ci"))


@pytest.mark.parametrize(
    ("pattern", "ref", "expected"),
    [
        ("refs/heads/*", MAIN, True),
        ("refs/*", MAIN, True),
        (MAIN, MAIN, True),
        (MAIN, "refs/heads/main2", False),
        ("^refs/heads/(main|stable/.*)", "refs/heads/stable/1", True),
        ("^refs/heads/ma", MAIN, False),
        ("refs/heads/${username}/*", "refs/heads/zuul/a", False),
        ("^[", MAIN, False),
    ],
)
def test_patterns_name_refs_as_in_gerrit(pattern: str, ref: str, expected: bool) -> None:
    assert matches(pattern, ref) is expected


def test_a_right_of_a_parent_holds() -> None:
    assert allowed(line(parent=(ALLOW,)), "submit", MAIN, MINE)
    assert not allowed(line(parent=(ALLOW,)), "submit", MAIN, {"others"})
    assert not allowed(line(), "submit", MAIN, MINE)


def test_what_a_project_denies_its_parent_does_not_give() -> None:
    deny = section("refs/heads/*", "submit", Rule("ci", Action.DENY))
    assert not allowed(line((deny,), (ALLOW,)), "submit", MAIN, MINE)
    # Of another pattern, a denial takes nothing away.
    assert allowed(line((section(MAIN, "submit", Rule("ci", Action.DENY)),), (ALLOW,)), "submit", MAIN, MINE)


def test_a_block_of_a_parent_is_not_lifted_by_a_child_but_by_the_same_permission() -> None:
    block = Rule("global:Registered-Users", Action.BLOCK)
    blocked = line((ALLOW,), (section("refs/*", "submit", block),))
    assert not allowed(blocked, "submit", MAIN, MINE)
    found = obstacle(blocked, "submit", MAIN, MINE)
    assert found is not None and (found.project, found.ref, found.exclusive) == ("All-Projects", "refs/*", False)
    assert allowed(line((ALLOW,), (section("refs/*", "submit", block, Rule("ci")),)), "submit", MAIN, MINE)


def test_an_exclusive_permission_hides_what_is_less_specific() -> None:
    only = section(MAIN, "submit", Rule("others"), exclusive=True)
    assert not allowed(line((only, ALLOW)), "submit", MAIN, MINE)
    assert allowed(line((only, ALLOW)), "submit", "refs/heads/other", MINE)
    found = obstacle(line((only, ALLOW)), "submit", MAIN, MINE)
    assert found is not None and found.exclusive and found.ref == MAIN


def test_votes_are_the_widest_that_any_group_has_less_what_is_blocked() -> None:
    own = section("refs/heads/*", "label-Verified", Rule("ci", votes=Range(-1, 1)))
    parent = section("refs/*", "label-Verified", Rule("global:Registered-Users", votes=Range(0, 2)))
    assert votes(line((own,), (parent,)), "Verified", MAIN, MINE) == Range(-1, 2)
    block = section("refs/*", "label-Verified", Rule("ci", Action.BLOCK, Range(-2, 2)))
    assert votes(line((own,), (block,)), "Verified", MAIN, MINE) == Range(-1, 1)
    assert votes(line(), "Verified", MAIN, MINE) == Range(0, 0)


def test_permissions_are_found_whatever_the_case_of_the_label() -> None:
    own = section("refs/heads/*", "label-verified", Rule("ci", votes=Range(-1, 1)))
    assert votes(line((own,)), "Verified", MAIN, MINE) == Range(-1, 1)

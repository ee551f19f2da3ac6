"""The phases of an installation test, and whom they blame."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pkgci_steps.install.flow import test as run
from pkgci_steps.install.manager import Manager
from pkgci_steps.install.root import Said
from pkgci_steps.review import Repository
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

from .conftest import BAD, Fake, published

RELEASED = (Repository("released", "https://pub.example.org/packages/deb/", "release.asc", 990),)


def roots_of(step: Step, names: str, chosen: tuple[Repository, ...] = (), **words: Any) -> list[Fake]:
    """The managers of the roots that a test of packages ``names`` (a letter each) takes: the first, and its layers."""
    made: list[Fake] = []

    @contextmanager
    def fresh() -> Iterator[Manager]:
        made.append(Fake(**words))
        yield made[-1]

    run(step, [published(name) for name in names], chosen, fresh)
    return [made[0], *made[0].layers]


def failures(step: Step) -> dict[str, str]:
    return {case.name: case.message for case in step.cases if case.status is Status.FAILED}


def test_every_package_and_phase_is_a_case(step: Step) -> None:
    roots_of(step, "ab")
    assert [case.name for case in step.cases] == [
        "a: install",
        "b: install",
        "a: files",
        "b: files",
        "a: remove",
        "b: remove",
        "a: purge",
        "b: purge",
        "a, b: leftovers",
    ]
    assert not failures(step)


def test_packages_that_exclude_each_other_are_tested_in_roots_of_their_own(step: Step) -> None:
    roots = roots_of(step, "abc", excluded=[{"a", "b"}])
    installed = [line for root in roots for line in root.done if line.startswith("install")]
    assert sorted(installed) == ["install a=2 c=2", "install b=2"]
    assert [case.name for case in step.cases if case.name.endswith("install")] == [
        *("a: install", "c: install", "b: install"),
    ]
    assert not failures(step)


def test_a_package_with_a_broken_dependency_fails_and_the_others_are_tested(step: Step) -> None:
    roots_of(step, "ab", uninstallable={"a"})
    assert failures(step) == {"a: install": "so it is"}
    assert "b: purge" in [case.name for case in step.cases]


def test_the_package_whose_script_fails_is_named_and_no_other(step: Step) -> None:
    roots_of(step, "ab", failing={"b"})
    assert failures(step) == {"b: install": "it is half-configured 2: so it is"}


def test_what_is_left_after_the_purge_is_a_failure(step: Step) -> None:
    roots_of(step, "a", left="/etc/forgotten")
    assert failures(step) == {"a: leftovers": "1 left: /etc/forgotten is left behind"}


def test_another_file_than_the_published_one_is_not_installed_and_nobody_is_blamed(step: Step) -> None:
    with pytest.raises(Ended, match=r"another .* was fetched") as caught:
        roots_of(step, "a", other_content=True)
    assert caught.value.status is Status.INFRASTRUCTURE


def test_what_is_released_is_upgraded_in_another_root_that_knew_no_change_before(step: Step) -> None:
    roots = roots_of(step, "ab", RELEASED, is_released={"a": "1"})
    upgraded = next(root for root in roots if "released" in root.done)
    assert upgraded.done[:7] == [
        *("released", "fetch a=1", "changes", "fetch the upgrade a=2 b=2"),
        *("released", "install a=1", "changes"),
    ]
    assert "install a=2 b=2" in upgraded.done
    assert not any("a=1" in line for root in roots if root is not upgraded for line in root.done)
    assert "a: upgrade" in [case.name for case in step.cases]
    assert step.details["upgraded_from"] == ["a=1"]


def test_a_version_that_is_older_than_the_released_one_is_no_upgrade(step: Step) -> None:
    roots_of(step, "a", RELEASED, is_released={"a": "3"})
    assert failures(step) == {"a: upgrade": "a 3 is released: 2 is older"}


@pytest.mark.parametrize("does", ["fetch", "install"])
def test_a_released_version_that_cannot_be_installed_any_more_is_in_no_next_ones_way(step: Step, does: str) -> None:
    roots_of(step, "a", RELEASED, is_released={"a": "1"}, said={f"{does} a=1": BAD})
    (upgrade,) = [case for case in step.cases if "upgrade" in case.name]
    assert (upgrade.name, upgrade.status) == ("a: upgrade", Status.SKIPPED)
    assert upgrade.message == "the released packages cannot be installed themselves any more (a=1): so it is"
    assert not failures(step) and "a: purge" in [case.name for case in step.cases]
    assert step.passed_or_failed("good") == "good"


def test_a_mirror_that_is_away_is_no_fault_of_the_released_version(step: Step) -> None:
    away = Said(100, "E: Failed to fetch http://deb.example.org/x: Could not connect")
    with pytest.raises(Ended, match="the released packages cannot be installed: E: Failed to fetch") as caught:
        roots_of(step, "a", RELEASED, is_released={"a": "1"}, said={"fetch a=1": away})
    assert caught.value.status is Status.INFRASTRUCTURE


@pytest.mark.parametrize("released", [{}, {"a": "2"}])
def test_where_no_other_version_is_released_there_is_no_upgrade(step: Step, released: dict[str, str]) -> None:
    roots_of(step, "a", RELEASED, is_released=released)
    assert not [case for case in step.cases if "upgrade" in case.name]


def test_installing_and_upgrading_go_on_side_by_side_and_the_lists_are_read_once(
    step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    meet = threading.Barrier(2, timeout=20)
    remove = Fake.remove
    monkeypatch.setattr(Fake, "remove", lambda own, *words: (meet.wait(), remove(own, *words))[1])
    roots = roots_of(step, "a", RELEASED, is_released={"a": "1"}, ways_out={"remove": frozenset({"not-installed"})})
    # At the beginning, and for an upgrade when that is fetched, and when it is installed.
    assert sum(root.done.count("changes") for root in roots) == 3
    assert [case.name for case in step.cases] == [
        *("a: install", "a: files", "a: remove", "a: leftovers"),
        *("a: upgrade", "a: after the upgrade: files", "a: after the upgrade: remove"),
        "a: after the upgrade: leftovers",
    ]

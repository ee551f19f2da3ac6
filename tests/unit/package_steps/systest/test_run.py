"""The order of a system test, and what it says in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from pkgci_steps.install.manager import Manager
from pkgci_steps.report import Case
from pkgci_steps.review import Build, File
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step
from pkgci_steps.systest import declared
from pkgci_steps.systest import run as running
from pkgci_steps.systest.source import Package

BASE = File("greet_1_all.deb", 1, "a" * 64, "greet", "1", "all", "greet")
OTHER = File("greet-lua_1_all.deb", 1, "b" * 64, "greet-lua", "1", "all", "greet")
BUILD = Build("packaging/greet", "trixie", "Z1", (BASE, OTHER))


@dataclass
class Seen:
    """What was done, in that order, with a package manager of a root where nothing happens."""

    done: list[str] = field(default_factory=list)
    root: Any = None
    system: Any = None

    def note(self, what: str, answer: object = None) -> Callable[..., Any]:
        def noted(*_words: object, **_more: object) -> object:
            self.done.append(what)
            return answer

        return noted


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    made = Seen()
    made.root = made

    @contextmanager
    def installed(_step: Step, _manager: Manager, group: list[File]) -> Iterator[Seen]:
        made.done.append(f"install {group[0].package}")
        yield made

    @contextmanager
    def booted(_step: Step, _system: object) -> Iterator[None]:
        made.done.append("boot")
        yield

    for name, what, answer in (
        ("prepared.fetch", "fetch", None),
        ("prepared.fetch_for_tests", "fetch for tests", None),
        ("prepared.paths", "look", []),
        ("prepared.ready_to_boot", "ready", None),
        ("source.fetch", "fetch the source", Path("/x/greet.dsc")),
        ("source.unpacked", "unpack", Package(Path("/desk/greet.dsc"), Path("/desk/tree"))),
        ("source.as_built", "mark", Path("/desk/tree")),
        ("source.forget", "forget", None),
        ("services.check", "check", ["greetd.service"]),
        ("declared.deb", "read the tests", declared.Tests(("curl",))),
        ("interfaces.lacking", "look at the kernel", ()),
        ("autopkgtest.run", "test", [Case("test one")]),
        ("System", "enter", made),
    ):
        monkeypatch.setattr(f"pkgci_steps.systest.run.{name}", made.note(what, answer))
    monkeypatch.setattr(made, "wait", lambda: "running", raising=False)
    monkeypatch.setattr("pkgci_steps.systest.run.prepared.installed", installed)
    monkeypatch.setattr("pkgci_steps.systest.run.desk", lambda _step: contextmanager(lambda: iter([Path("/desk")]))())
    monkeypatch.setitem(running.BOOTED, "container", booted)
    return made


def run(step: Step, seen: Seen, kind: str = "deb") -> running.Run:
    return running.Run(step, Target("trixie", kind, suite="trixie"), BUILD, cast(Manager, seen))


def test_everything_is_fetched_before_anything_of_the_change_runs(step: Step, seen: Seen) -> None:
    step.details["autopkgtest"] = {"status": 0}
    run(step, seen).perform([[BASE], [OTHER]])
    first = seen.done.index("install greet")
    assert {"fetch", "fetch the source", "fetch for tests", "unpack"} <= set(seen.done[:first])
    assert not [what for what in seen.done[first:] if "fetch" in what]


def test_packages_that_exclude_each_other_boot_in_systems_of_their_own_before_the_tests(step: Step, seen: Seen) -> None:
    step.details["autopkgtest"] = {"status": 0}
    run(step, seen).perform([[BASE], [OTHER]])
    assert [what for what in seen.done if what.startswith(("install", "boot", "test"))] == [
        *("install greet", "boot"),
        *("install greet-lua", "boot"),
        "test",
    ]


def test_an_rpm_targets_test_needs_its_source_tree(step: Step, seen: Seen) -> None:
    with pytest.raises(Ended) as ended:
        run(step, seen, "rpm").perform([[BASE]])
    assert ended.value.status is Status.MISUSED
    assert "SOURCE" in ended.value.reason


def test_what_was_skipped_is_named_where_the_rest_passed(step: Step, seen: Seen) -> None:
    own = run(step, seen)
    step.details["autopkgtest"] = {"status": 2}
    own.perform([[BASE]])
    step.cases += [Case("boot"), Case("test two", Status.SKIPPED, "skip: needs-internet")]
    said = step.passed_or_failed(own.summary())
    assert said == "it boots, units that run: 1, tests passed: 1, skipped: test two: skip: needs-internet"

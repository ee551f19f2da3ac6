"""What apt is given, and how its words are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pkgci_steps.install import apt
from pkgci_steps.install.apt import Apt, Planned
from pkgci_steps.install.root import Root, Said
from pkgci_steps.review import Repository
from pkgci_steps.settings import Target
from pkgci_steps.step import Step

from .conftest import published

URL = "https://pub.example.org/packages/"
OWN = Repository("review-7", f"{URL}review/7/deb/", "review.asc", 1003)
RELEASED = Repository("released", f"{URL}deb/", "release.asc", 990)


class Told:
    """A root that answers what it is told to, by the command's first word that it knows; ``failing`` ones fail until
    all lists were fetched."""

    def __init__(self, failing: str = "", **answers: str) -> None:
        self.answers = answers
        self.failing = failing
        self.asked: list[tuple[str, ...]] = []
        self.networks: list[bool] = []
        self.step = Quiet()
        self.is_closed = False

    def run(self, *command: str, network: bool = False, **_: Any) -> Said:
        self.asked.append(command)
        self.networks.append(network)
        if command == ALL_LISTS:
            self.failing = ""
        words = " ".join(command)
        if self.failing and self.failing in words:
            return Said(100, "E: 404  Not Found")
        return Said(0, next((text for word, text in self.answers.items() if word in words), ""))

    def ask(self, *command: str) -> str:
        return self.run(*command).text

    def close(self) -> None:
        self.is_closed = True

    @contextmanager
    def layer(self, step: Step) -> Iterator[Told]:
        yield self


class Quiet:
    """A step that keeps no log and no time."""

    log = SimpleNamespace(say=lambda _: None)

    def timed(self, _: str) -> AbstractContextManager[None]:
        return nullcontext()


ALL_LISTS = ("apt-get", "--yes", "--quiet", "update")


def test_the_changes_packages_are_no_candidates_until_they_are_wanted(step: Step, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("key")
    files = apt.files(step, Target("trixie", "deb", "trixie"), (OWN, RELEASED))
    lists = files["/etc/apt/sources.list.d/pkgci.sources"].decode()
    assert "packages/deb/" in lists and "review/7/deb/" in lists
    priorities = re.findall(r"Pin-Priority: (\S+)", files["/etc/pkgci/preferences.released"].decode())
    assert priorities == ["-1", "990"]
    assert b"1003" in files["/etc/pkgci/preferences.changes"]
    assert files["/usr/sbin/policy-rc.d"].endswith(b"exit 101\n")


def test_our_lists_are_fetched_once_and_the_distributions_not_at_all(step: Step) -> None:
    root = Told()
    manager = Apt(cast(Root, root))
    manager.use_released()
    manager.use_changes()
    with manager.layer(step) as other:
        other.use_released()
    updates = [command for command in root.asked if "update" in command]
    assert len(updates) == 1
    assert "--option=Dir::Etc::sourcelist=/dev/null" in updates[0]
    assert "--option=APT::Get::List-Cleanup=false" in updates[0]


@pytest.mark.parametrize("ask", ["fetch", "plan"])
def test_what_last_nights_lists_do_not_have_is_asked_for_again_with_todays_once(ask: str) -> None:
    root = Told(failing="install")
    manager = Apt(cast(Root, root))
    assert getattr(manager, ask)(["greet=2"]).status == 0
    assert [command for command in root.asked if "update" in command] == [ALL_LISTS]
    root.failing = "install"
    assert getattr(manager, ask)(["other=2"]).status == 100
    assert [command for command in root.asked if "update" in command] == [ALL_LISTS]


def test_a_plan_is_made_once_until_something_is_installed() -> None:
    root = Told()
    manager = Apt(cast(Root, root))
    for _ in range(2):
        manager.plan(["greet=2"])
    assert len(root.asked) == 1
    manager.install(["greet=2"])
    manager.plan(["greet=2"])
    assert len(root.asked) == 3


def test_only_what_fetches_has_the_network() -> None:
    root = Told()
    manager = Apt(cast(Root, root))
    manager.fetch(["greet=2"])
    manager.install(["greet=2"])
    manager.remove("purge", ["greet"])
    assert root.networks == [True, False, False]


def test_what_would_be_installed_is_read_with_its_versions() -> None:
    text = (
        "Inst libgreet:amd64 [1] (2~c7.1 review:7/trixie [amd64])\nInst adduser (3 Debian:13 [all])\nConf adduser (3)"
    )
    assert apt.planned(text) == (Planned("libgreet", "2~c7.1"), Planned("adduser", "3"))


def test_what_packages_need_comes_first_unless_it_needs_them() -> None:
    own = "Inst adduser (3 Debian [all])\nInst a (2 x [all])"
    manager = Apt(cast(Root, Told(**{"a=2": own, "adduser=3": "Inst adduser (3 Debian [all])"})))
    assert manager.needed([published("a")]) == ["adduser=3"]
    circle = Apt(cast(Root, Told(**{"a=2": own, "adduser=3": own})))
    assert circle.needed([published("a")]) == []


def test_the_newest_released_version_counts() -> None:
    packages = "Package: greet\nVersion: 1.10\n\nPackage: greet\nVersion: 1.9\n\nPackage: other\nVersion: 5\n"
    manager = Apt(cast(Root, Told(indextargets="/list", apt_helper="", **{"cat-file": packages})))
    assert manager.released(RELEASED, ["greet"]) == {"greet": "1.10"}


def test_an_upgrade_is_fetched_as_if_what_is_upgraded_were_there_already() -> None:
    root = Told()
    Apt(cast(Root, root)).fetch_upgrade(["a=2"])
    made, fetched = root.asked
    assert "Status: install ok installed" in made[2] and "dpkg-deb --field" in made[2]
    assert fetched[3:] == ("-o", f"Dir::State::status={made[-1]}", "install", "--download-only", "a=2")
    assert root.networks == [False, True]

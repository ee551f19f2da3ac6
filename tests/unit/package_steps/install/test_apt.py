"""What apt is given, and how its words are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

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
    """A root that answers what it is told to, by the command's first word that it knows."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.asked: list[tuple[str, ...]] = []
        self.networks: list[bool] = []

    def run(self, *command: str, network: bool = False, **_: Any) -> Said:
        self.asked.append(command)
        self.networks.append(network)
        return Said(0, next((text for word, text in self.answers.items() if word in " ".join(command)), ""))

    def ask(self, *command: str) -> str:
        return self.run(*command).text


def test_the_changes_sources_wait_until_they_are_wanted(step: Step, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("key")
    files = apt.files(step, Target("trixie", "deb", "trixie"), (OWN, RELEASED))
    at_work = b"".join(content for path, content in files.items() if path.startswith("/etc/apt/sources.list.d/"))
    assert b"packages/deb/" in at_work and b"review" not in at_work
    assert b"review/7/deb/" in files["/etc/pkgci/review.sources"]
    assert files["/usr/sbin/policy-rc.d"].endswith(b"exit 101\n")


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

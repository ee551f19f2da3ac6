"""A package manager that only remembers what it was told, and the step that tells it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest
from pkgci_steps.inputs import Inputs
from pkgci_steps.install.manager import GONE, INSTALLED
from pkgci_steps.install.root import Root, Said
from pkgci_steps.log import Log
from pkgci_steps.programs import Programs, Stop
from pkgci_steps.report import Case
from pkgci_steps.review import File, Repository
from pkgci_steps.settings import Repository as Place
from pkgci_steps.settings import Settings
from pkgci_steps.step import Step

GOOD = Said(0, "all is well")
BAD = Said(100, "E: so it is")


def published(package: str, version: str = "2") -> File:
    return File(f"{package}_{version}_all.deb", 1, f"{package}-{version}", package, version, "all", package)


@dataclass
class Tree:
    """What is in a root."""

    paths: dict[str, str] = field(default_factory=lambda: {"/etc": "drwxr-xr-x 0:0"})

    def tree(self) -> dict[str, str]:
        return dict(self.paths)


@dataclass
class Fake:
    """A manager of a system where everything works, but what a test breaks."""

    excluded: list[set[str]] = field(default_factory=list)
    uninstallable: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    # What is done, in words → what is said of it.
    said: dict[str, Said] = field(default_factory=dict)
    other_content: bool = False
    left: str = ""
    is_released: dict[str, str] = field(default_factory=dict)
    there: dict[str, tuple[str, str]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    place: Tree = field(default_factory=Tree)
    layers: list[Fake] = field(default_factory=list)
    kind: str = "deb"
    ways_out: Mapping[str, frozenset[str]] = field(
        default_factory=lambda: {"remove": frozenset({GONE, "config-files"}), "purge": frozenset({GONE})}
    )

    @property
    def root(self) -> Root:
        return cast(Root, self.place)

    def use_released(self) -> None:
        self.done.append("released")

    def use_changes(self) -> None:
        self.done.append("changes")

    @contextmanager
    def layer(self, step: Step) -> Iterator[Fake]:
        own = replace(self, there={}, done=[], place=Tree(dict(self.place.paths)))
        self.layers.append(own)
        yield own

    def word(self, package: str, version: str) -> str:
        return f"{package}={version}"

    def plan(self, words: Sequence[str]) -> Said:
        names = {word.partition("=")[0] for word in words}
        return BAD if names & self.uninstallable or any(pair <= names for pair in self.excluded) else GOOD

    def fetch(self, words: Sequence[str]) -> Said:
        self.done.append(f"fetch {' '.join(words)}")
        return self.said.get(self.done[-1]) or self.plan(words)

    def fetch_upgrade(self, words: Sequence[str]) -> Said:
        self.done.append(f"fetch the upgrade {' '.join(words)}")
        return self.plan(words)

    def sums(self) -> dict[str, str]:
        return {} if self.other_content else {f"{name}-2": name for name in "abc"}

    def needed(self, group: Sequence[File]) -> list[str]:
        return []

    def install(self, words: Sequence[str]) -> Said:
        self.done.append(f"install {' '.join(words)}")
        for name, _, version in (word.partition("=") for word in words):
            self.there[name] = ("half-configured" if name in self.failing else INSTALLED, version)
        return self.said.get(self.done[-1]) or (BAD if self.failing else GOOD)

    def remove(self, way: str, packages: Sequence[str]) -> Said:
        self.done.append(f"{way} {' '.join(packages)}")
        self.there.clear()
        if self.left:
            self.place.paths[self.left] = "-rw-r--r-- 0:0"
        return GOOD

    def states(self, packages: Iterable[str]) -> dict[str, tuple[str, str]]:
        return dict(self.there)

    def released(self, repository: Repository, packages: Iterable[str]) -> dict[str, str]:
        return self.is_released

    def look(self, package: str, when: str) -> list[Case]:
        return [Case(f"{package}: {when}files")]

    def owned(self) -> list[str]:
        return []


@pytest.fixture
def step(tmp_path: Path) -> Step:
    """A step of nothing in particular."""
    log, stop = Log(io.BytesIO(), "pkgci-install-test"), Stop()
    settings = Settings("lab", Place("https://pub.example.org/packages/", tmp_path / "a", tmp_path / "b"), {}, {})
    return Step("install-test", Inputs(tmp_path), settings, log, stop, Programs(log, stop, tmp_path), tmp_path)

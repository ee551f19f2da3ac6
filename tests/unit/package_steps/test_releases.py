"""A package's second and third release: published, judged beside what is released, and promoted, as the first one."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
from pkgci_steps import review
from pkgci_steps.install.apt import Apt
from pkgci_steps.repotest import contents, deb, main
from pkgci_steps.status import Ended
from pkgci_steps.step import Step

from .repository.real import Package, RealWorld, needs_tools

SYMBOLS = "Auto-Built-Package: debug-symbols\nDepends: {} (= {})\n"


def greet(version: str, *, without: Sequence[str] = ()) -> list[Package]:
    """What greet is built into: a library, its user, and all that refers to its very version."""
    same = f"(= {version})"
    packages = [
        Package("libgreet1"),
        Package("libgreet1-dbgsym", fields=SYMBOLS.format("libgreet1", version)),
        Package("greet", fields=f"Depends: libgreet1 (>= {version})\n"),
        Package("greet-dbgsym", suffix=".ddeb", fields=SYMBOLS.format("greet", version)),
        Package("greet-doc", "all", fields=f"Depends: greet (>= {version})\nRecommends: libgreet1 {same}\n"),
        Package("libgreet-dev", fields=f"Depends: libgreet1 {same}\n"),
        Package("libgreet1-udeb", suffix=".udeb"),
    ]
    return [package for package in packages if package.name not in without]


class Repositories:
    """A world's repositories as a test sees them: what it reads over HTTPS, and what apt in its root knows."""

    def __init__(self, world: RealWorld) -> None:
        self._world = world
        self._url = world.settings.repository.url
        self.root = self

    def read(self, url: str) -> bytes | None:
        path = self._folder(url.removeprefix(self._url))
        return path.read_bytes() if path.is_file() else None

    def ask(self, *_: str) -> str:
        return "amd64\n"

    def packages(self, where: str) -> str:
        suite = self._folder(where.removeprefix(f"Repo-URI: {self._url}")) / "dists/trixie/main"
        return "\n".join(path.read_text() for path in suite.glob("binary-*/Packages"))

    def _folder(self, path: str) -> Path:
        found = re.fullmatch(r"((?:review|gate)/[^/]+)/(.*)", path)
        name, rest = (found[1], found[2]) if found else ("release", path)
        return self._world.publisher.public / name / "current" / rest


class Pipeline:
    """The gate of one project on one publisher, without its builds."""

    def __init__(self, world: RealWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.seen = Repositories(world)
        # This machine need have no control group to give.
        limits = dataclasses.replace(world.settings.limits, enforced=False)
        world.settings = dataclasses.replace(world.settings, limits=limits)
        monkeypatch.setattr(deb, "_base", lambda apt, chosen, ours, base: base.write_text(""))
        for function in (review.published, review.repositories):
            monkeypatch.setattr(
                review, function.__name__, lambda *words, real=function: real(*words[:2], self.seen.read)
            )
        monkeypatch.setattr(main, "_KINDS", {"deb": self._judge})
        monkeypatch.setattr(contents, "of", lambda apt, packages: dict.fromkeys(packages, frozenset[str]()))

    def release(self, number: int, version: str, packages: Sequence[Package], source: str = "greet") -> set[str]:
        """A change that makes ``packages``, through publish, repository test and promotion. Raises ``Ended``.

        Returns what the test has judged.
        """
        words = {"change": str(number), "ref": f"refs/zuul/main/Z{number}", "tree": "a" * 40}
        words["project"] = f"packaging/{source}"
        gated = self.world.inputs(pipeline="gate", **words)
        self.world.build_of(gated, source, version, packages)
        self.world.review(gated)
        step = self.world.step(gated)
        main.perform(step)
        self.world.promote(self.world.inputs(pipeline="promote", **words))
        return {case.name for case in step.cases}

    def _judge(self, step: Step, _target: object, wanted: Sequence[review.File]) -> None:
        apt = cast(Apt, self.seen)
        chosen = review.repositories(step.inputs, step.settings)
        change, beside, released = deb._ours(apt, chosen, wanted)
        step.cases += deb.world.version_cases(released, change, deb._is_older)
        step.cases += deb._closure(step, apt, chosen, beside, change)


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    return Pipeline(RealWorld(tmp_path), monkeypatch)


@needs_tools
def test_each_release_goes_as_smoothly_as_the_first(pipeline: Pipeline) -> None:
    for number, version in enumerate(("1.0-1", "1.0-2", "2:0.9-1"), start=1):
        judged = pipeline.release(number, version, greet(version))
        assert {f"{package.name}: dependencies" for package in greet(version) if package.suffix != ".udeb"} <= judged
    assert [entry.version for entry in pipeline.world.released.manifest().entries][-1] == "2:0.9-1"


@needs_tools
def test_a_release_may_cease_to_make_a_package(pipeline: Pipeline) -> None:
    pipeline.release(1, "1.0-1", greet("1.0-1"))
    gone = ("libgreet1-dbgsym", "greet-dbgsym", "libgreet-dev")
    pipeline.release(2, "1.0-2", greet("1.0-2", without=gone))


@needs_tools
def test_what_another_source_makes_must_not_break(pipeline: Pipeline) -> None:
    pipeline.release(1, "1.0-1", greet("1.0-1"))
    plugin = Package("wordcount", fields="Depends: libgreet1 (= 1.0-1)\n")
    pipeline.release(2, "1", [plugin], "wordcount")
    with pytest.raises(Ended, match=r"wordcount 1 would break: it needs libgreet1 \(= 1.0-1\)"):
        pipeline.release(3, "1.0-2", greet("1.0-2"))

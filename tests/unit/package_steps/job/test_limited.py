"""What pkgci-job itself runs on a change's files keeps to the limits of a build, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pkgci_steps.job import runner
from pkgci_steps.job.task import Tree


def test_all_that_is_fetched_of_a_change_is_fetched_within_limits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inside: list[str] = []
    done: list[tuple[str, list[str]]] = []

    def within(name: str) -> Any:
        @contextmanager
        def entered(*_: object) -> Iterator[None]:
            inside.append(name)
            yield
            inside.remove(name)

        return entered

    def fetch(*_: object) -> Tree:
        done.append(("tree", sorted(inside)))
        return Tree(tmp_path, "c0ffee")

    project = SimpleNamespace(own_steps=False, source=SimpleNamespace(kind="auto", project=None))
    known = SimpleNamespace(limits=SimpleNamespace(minutes=1), project=lambda _: project)
    monkeypatch.setattr(runner.site, "read", lambda _: known)
    monkeypatch.setattr(runner.trees, "packaging", lambda _: None)
    monkeypatch.setattr(runner, "confined", within("confined"))
    monkeypatch.setattr(runner, "bounded", within("bounded"))
    monkeypatch.setattr(runner, "fetch", fetch)
    monkeypatch.setattr(runner, "fetch_layout", lambda *_: done.append(("layout", sorted(inside))))
    task: Any = SimpleNamespace(step="build", project="packaging/hello", action=None)
    nothing: Any = None
    running = runner.Runner(task, tmp_path, nothing, nothing, tmp_path, "file")
    assert running._fetched(runner.Way()) == tmp_path
    assert done == [("tree", ["bounded", "confined"]), ("layout", ["bounded", "confined"])]

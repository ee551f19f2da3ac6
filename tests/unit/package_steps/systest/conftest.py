"""A running system that answers from a table, and the step that looks at it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pkgci_steps.inputs import Inputs
from pkgci_steps.log import Log
from pkgci_steps.programs import Programs, Stop
from pkgci_steps.settings import Repository, Settings
from pkgci_steps.step import Step
from pkgci_steps.systest.machine import Said, System


@dataclass
class Answers:
    """What the system says to commands that begin like this; anything else works without a word."""

    answers: dict[str, Said] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, *command: str, seconds: float = 0) -> Said:
        line = " ".join(command)
        self.asked.append(line)
        return next((said for start, said in self.answers.items() if line.startswith(start)), Said(0, ""))


@dataclass
class Here:
    """A machine that is this one: what is run in it runs here."""

    kind: str = "container"
    lives: bool = True

    def around(self) -> list[str]:
        return ["env"]

    def into(self) -> list[str]:
        return ["env"]

    def alive(self) -> bool:
        return self.lives


@pytest.fixture
def step(tmp_path: Path) -> Step:
    log, stop = Log(io.BytesIO(), "pkgci-systest"), Stop()
    settings = Settings("lab", Repository("https://pub.example.org/packages/", tmp_path / "a", tmp_path / "b"), {}, {})
    return Step("systest", Inputs(tmp_path), settings, log, stop, Programs(log, stop, tmp_path), tmp_path)


@pytest.fixture
def here(step: Step) -> System:
    return System(step, Here())


@pytest.fixture
def answering(step: Step, monkeypatch: pytest.MonkeyPatch) -> Callable[..., System]:
    """A system that gives these answers."""
    monkeypatch.setattr("pkgci_steps.systest.services._SETTLED_SECONDS", 0.0)

    def system(**answers: Said) -> System:
        made = System(step, Here())
        table = {start.replace("_", " "): said for start, said in answers.items()}
        monkeypatch.setattr(made, "run", Answers(table))
        return made

    return system

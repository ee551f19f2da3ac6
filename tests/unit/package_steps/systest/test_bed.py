"""Where autopkgtest's systems come from."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from pkgci_steps.install.root import Root
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step
from pkgci_steps.systest import bed

# Asks the bed at its socket, as testbed.py does, and tells what it said.
ASK = """
import socket, sys
for request in sys.argv[2:]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.connect(sys.argv[1])
        asked.sendall(f"{request}\\n".encode())
        print(asked.makefile().readline(), end="")
"""


@dataclass
class Ways:
    """A root whose layers are names, and machines that run nowhere; ``seen``: what became of them, in that order."""

    seen: list[str] = field(default_factory=list)
    layers: int = 0
    # As the root of a layer.
    system: str = "base"

    @contextmanager
    def layer(self) -> Iterator[Ways]:
        self.layers += 1
        name = f"layer {self.layers}"
        self.seen.append(f"{name} made")
        yield Ways(self.seen, system=name)
        self.seen.append(f"{name} gone")

    @contextmanager
    def boot(self, _step: Step, system: object) -> Iterator[Machine]:
        self.seen.append(f"{system} boots")
        yield Machine(str(system))
        self.seen.append(f"{system} ends")


@dataclass
class Machine:
    name: str
    kind: str = "container"

    def around(self) -> list[str]:
        return []

    def into(self) -> list[str]:
        return ["into", self.name]

    def alive(self) -> bool:
        return False


@pytest.fixture
def ways() -> Ways:
    return Ways()


@pytest.fixture
def made(step: Step, ways: Ways) -> bed.Bed:
    return bed.Bed(step, cast(Root, ways), ways.boot)


def test_each_system_is_fresh_and_the_one_before_has_ended(made: bed.Bed, ways: Ways) -> None:
    assert [made.fresh().into(), made.fresh().into()] == [["into", "layer 1"], ["into", "layer 2"]]
    made.close()
    assert ways.seen == [
        *("layer 1 made", "layer 1 boots", "layer 1 ends", "layer 1 gone"),
        *("layer 2 made", "layer 2 boots", "layer 2 ends", "layer 2 gone"),
    ]


def test_a_system_that_reboots_is_the_same(made: bed.Bed, ways: Ways) -> None:
    made.fresh()
    assert made.again().into() == ["into", "layer 1"]
    assert ways.seen == ["layer 1 made", "layer 1 boots", "layer 1 ends", "layer 1 boots"]


def test_whoever_runs_meanwhile_asks_for_systems_and_the_last_ends_with_it(
    step: Step, made: bed.Bed, ways: Ways, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with bed.offered(step, made, Path("bed")):
        _, said = step.programs.output([sys.executable, "-c", ASK, "bed", "fresh", "fresh", "again"], folder=tmp_path)
    assert [json.loads(line)[1] for line in said.splitlines()] == ["layer 1", "layer 2", "layer 2"]
    assert ways.seen[-1] == "layer 2 gone"


def test_systems_are_had_also_from_machines_that_keep_to_limits_of_their_own(
    step: Step, ways: Ways, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def boot(_step: Step, system: object) -> Iterator[Machine]:
        # As a virtual machine, which QEMU holds to its memory.
        with step.programs.watched(None), ways.boot(step, system) as machine:
            yield machine

    monkeypatch.chdir(tmp_path)
    with bed.offered(step, bed.Bed(step, cast(Root, ways), boot), Path("bed")):
        _, said = step.programs.output(
            [sys.executable, "-c", ASK, "bed", "fresh", "fresh"], folder=tmp_path, seconds=30
        )
    assert [json.loads(line)[1] for line in said.splitlines()] == ["layer 1", "layer 2"]


def test_a_system_that_does_not_boot_ends_the_test_as_infrastructure(
    step: Step, ways: Ways, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def refused(_step: Step, _system: object) -> Iterator[Machine]:
        raise Ended(Status.INFRASTRUCTURE, "the container does not start")
        yield

    monkeypatch.chdir(tmp_path)
    with pytest.raises(Ended) as ended, bed.offered(step, bed.Bed(step, cast(Root, ways), refused), Path("bed")):
        step.programs.output([sys.executable, "-c", ASK, "bed", "fresh"], folder=tmp_path)
    assert ended.value.reason == "the container does not start"


def test_the_limits_count_while_systems_are_asked_for(step: Step, made: bed.Bed, tmp_path: Path) -> None:
    def passed() -> None:
        raise Ended(Status.FAILED, "the test took more than it may")

    with (
        step.programs.watched(passed),
        bed.offered(step, made, tmp_path / "bed"),
        pytest.raises(Ended) as ended,
    ):
        step.programs.run(["sleep", "60"])
    assert ended.value.status is Status.FAILED

"""What the publisher knows of the distributions: asked by apt, from lists of its own."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pkgci_steps import mirrors
from pkgci_steps.programs import Programs
from pkgci_steps.repository import distribution
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

TRIXIE = Target("trixie", "deb", "trixie")
SHOWN = (
    "Package: cowsay\nVersion: 3.03+dfsg2-8\nPriority: optional\nDescription: a\n Version: 9\nSHA256: 11\n\n"
    "Package: cowsay\nVersion: 3.03+dfsg2-8\nSHA256: 22\n\nPackage: cowsay\nVersion: 4-1\nSHA256: 33\n"
)


class Apt(Programs):
    """Runs nothing; remembers what it was asked to run, and ends with ``status``."""

    def __init__(self) -> None:
        self.status = 0
        self.commands: list[list[str]] = []

    def run(self, command: Sequence[str | Path], **more: Any) -> int:
        self.commands.append([str(word) for word in command])
        return self.status

    def output(self, command: Sequence[str | Path], **more: Any) -> tuple[int, bytes]:
        self.run(command)
        self.settings = Path(command[2]).read_text()
        return 0, SHOWN.encode()

    @property
    def updates(self) -> int:
        return sum("update" in command for command in self.commands)


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> Apt:
    found = [mirrors.Source("http://deb.example.org/debian", "trixie", ("main",), Path("/keys.gpg"))]
    monkeypatch.setattr(mirrors, "sources", lambda step, target: tuple(found))
    return Apt()


@pytest.fixture
def ask(step: Step, apt: Apt, tmp_path: Path) -> distribution.Distribution:
    return distribution.of_mirror(dataclasses.replace(step, programs=apt), tmp_path / "lists", tmp_path / "locks")


def test_the_contents_of_each_version_are_known(apt: Apt, ask: distribution.Distribution, tmp_path: Path) -> None:
    found = ask(TRIXIE, {"cowsay", "cowsay-off"})
    assert found == {("cowsay", "3.03+dfsg2-8"): frozenset({"11", "22"}), ("cowsay", "4-1"): frozenset({"33"})}
    settings = str(tmp_path / "lists/trixie/apt.conf")
    assert apt.commands[-1] == ["apt-cache", "-c", settings, "show", "cowsay", "cowsay-off"]
    line = "deb [signed-by=/keys.gpg] http://deb.example.org/debian trixie main\n"
    assert (tmp_path / "lists/trixie/sources.list").read_text() == line
    assert f'Dir::State::Lists "{tmp_path}/lists/trixie/lists";' in apt.settings


def test_lists_are_fetched_again_when_they_are_old_or_the_mirror_is_another(
    apt: Apt, ask: distribution.Distribution, tmp_path: Path
) -> None:
    for _ in range(2):
        ask(TRIXIE, {"cowsay"})
    assert apt.updates == 1
    os.utime(tmp_path / "lists/trixie/fetched", (time.time() - 7 * 3600,) * 2)
    ask(TRIXIE, {"cowsay"})
    assert apt.updates == 2
    other = dataclasses.replace(TRIXIE, mirror="http://other.example.org/debian")
    ask(other, {"cowsay"})
    assert apt.updates == 3
    ask(dataclasses.replace(other, security_mirror="http://security.example.org/debian"), {"cowsay"})
    assert apt.updates == 4


def test_lists_that_cannot_be_fetched_again_are_used_as_they_are(
    apt: Apt, ask: distribution.Distribution, tmp_path: Path
) -> None:
    ask(TRIXIE, {"cowsay"})
    apt.status = 100
    os.utime(tmp_path / "lists/trixie/fetched", (1000, 1000))
    assert ask(TRIXIE, {"cowsay"})


def test_where_no_mirror_can_be_asked_nothing_is_found_and_the_log_says_so(
    apt: Apt, ask: distribution.Distribution, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    apt.status = 100
    assert ask(TRIXIE, {"cowsay"}) == {}
    assert "whether trixie has these packages is not known: its lists cannot be fetched" in capsys.readouterr().out

    def sources(*_: object) -> None:
        raise Ended(Status.MISUSED, "this host's apt has no mirror of Ubuntu")

    monkeypatch.setattr(mirrors, "sources", sources)
    assert ask(Target("noble", "deb", "noble"), {"cowsay"}) == {}
    assert "no mirror of Ubuntu" in capsys.readouterr().out


def test_an_rpm_target_has_no_distribution_that_apt_can_ask(apt: Apt, ask: distribution.Distribution) -> None:
    assert ask(Target("el9", "rpm", backend="mock", mock_root="x"), {"cowsay"}) == {}
    assert apt.commands == []


def test_the_source_package_of_each_package_is_known() -> None:
    shown = "Package: gperf\nVersion: 3.1-1\n\nPackage: libgreet1\nSource: greet (1.0-1)\nVersion: 1.0-1+b1\n"
    assert distribution.parse_sources(shown) == {"gperf": {"gperf"}, "libgreet1": {"greet"}}
    assert distribution.parse_sources("") == {}

"""A root, and who in it has the network."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from pkgci_steps import bare, layers
from pkgci_steps.install import apt, dnf, enter
from pkgci_steps.install.manager import Manager
from pkgci_steps.install.root import Root
from pkgci_steps.layers import System
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step


@pytest.fixture
def root(step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Root:
    """A root whose commands only say in which namespaces they would run."""

    def said(command: Sequence[str | Path], **_: object) -> tuple[int, bytes]:
        return 0, json.dumps([str(word) for word in command]).encode()

    @contextmanager
    def layer(*_: object) -> Iterator[System]:
        yield System(tmp_path / "layer/root", (), ())

    monkeypatch.setattr(step.programs, "output", said)
    monkeypatch.setattr(layers, "layer", layer)
    return Root(step, System(tmp_path, ("env",), ()), tmp_path, tmp_path)


def test_nothing_has_the_network_but_what_asks_for_it(root: Root) -> None:
    assert "--net" in json.loads(root.run("apt-get", "install").text)
    assert "--net" not in json.loads(root.run("apt-get", "update", network=True).text)


@pytest.mark.parametrize("kind", [apt.Apt, dnf.Dnf])
def test_once_a_package_is_installed_nothing_in_its_root_has_the_network_any_more(
    root: Root, kind: type[apt.Apt | dnf.Dnf]
) -> None:
    manager = cast(Manager, kind(root))
    manager.fetch(["greet"])
    manager.install(["greet"])
    with pytest.raises(Ended, match="asks for the network where a package has run already") as ended:
        manager.fetch(["greet"])
    assert ended.value.status is Status.INFRASTRUCTURE


def test_what_begins_as_a_root_with_a_package_has_no_network_either(root: Root) -> None:
    apt.Apt(root).install(["greet"])
    with root.layer() as other, pytest.raises(Ended, match="asks for the network"):
        other.run("apt-get", "update", network=True)


def test_a_plan_that_fails_in_such_a_root_does_not_ask_the_mirror(
    root: Root, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = apt.Apt(root)
    manager.install(["greet"])
    monkeypatch.setattr(step.programs, "output", lambda *_, **__: (100, b"E: Unable to locate package x"))
    assert manager.plan(["x"]).status == 100


def test_the_hosts_own_root_gets_no_other_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = tmp_path / "uid_map"
    ids.write_text("         0          0 4294967295\n")
    monkeypatch.setattr(enter, "_IDS", ids)
    # Where that is not looked at, nothing is to happen here all the same.
    monkeypatch.setattr(enter, "_libc", None)
    monkeypatch.setattr(enter, "_loopback", lambda: pytest.fail("it went on"))
    with pytest.raises(PermissionError, match="the host's own root"):
        enter.enter(tmp_path)


def test_a_bare_system_is_made_for_nobody_who_is_the_hosts_own_root() -> None:
    # In the order of its words: to try it would make this machine's root another one.
    made = inspect.getsource(bare.main)
    assert made.index("require_namespace()") < made.index("_furnish(")

"""How commands get into systems, and what a boot's end looks like."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from pkgci_steps import layers
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step
from pkgci_steps.systest import container, door, vm, vm_parts
from pkgci_steps.systest.machine import System

from .conftest import Here


def test_a_command_that_hangs_is_the_packages_fault(here: System) -> None:
    with pytest.raises(Ended) as ended:
        here.run("sleep", "60", seconds=0.2)
    assert ended.value.status is Status.FAILED


def test_both_outputs_and_the_status_of_a_command_are_told(here: System) -> None:
    said = here.run("sh", "-c", "echo one; echo two >&2; exit 7")
    assert (said.status, said.text) == (7, "one\ntwo\n")


def test_a_system_that_ends_while_it_boots_is_infrastructure(step: Step) -> None:
    with pytest.raises(Ended) as ended:
        System(step, Here(lives=False)).wait()
    assert ended.value.status is Status.INFRASTRUCTURE


def test_systemd_puts_no_variable_into_a_commands_words() -> None:
    assert door.words("7", ["sh", "-c", "echo ${HOME} $1"])[-1] == "echo $${HOME} $$1"


def test_the_way_into_a_virtual_machine_keeps_words_apart() -> None:
    from pkgci_steps.systest import vm_door

    line = vm_door.words("/control", ["sh", "-c", "a b; c"])[-1]
    assert shlex.split(line)[-3:] == ["sh", "-c", "a b; c"]


def test_a_container_ends_with_its_test() -> None:
    root = layers.System(Path("/root"), ("nsenter", "--target", "7"), ())
    words = container.command(root)
    assert words[:3] == ["setpriv", "--pdeathsig", "KILL"]
    assert words[-4:] == ["/root", "nsenter", "--target", "7"]


def test_a_container_is_in_the_control_group_of_its_step(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    root = layers.System(Path("/root"), ("nsenter", "--target", "7"), ())

    def popen(words: list[str], **_: object) -> None:
        started.append(words)
        raise Ended(Status.INFRASTRUCTURE, "enough")

    monkeypatch.setattr(step.programs, "popen", popen)
    with pytest.raises(Ended, match="enough"), container.booted(step, root):
        pass
    assert started == [container.command(root)]


def test_a_virtual_machine_has_no_network_and_ends_with_its_test() -> None:
    parts = vm_parts.Parts(Path("/parts"))
    words = [str(word) for word in vm.command(parts, Path("/disk"), Path("/door"), 1000)]
    assert words[:3] == ["setpriv", "--pdeathsig", "KILL"]
    assert "-nodefaults" in words
    assert not any(word.startswith(("-net", "-nic")) or "net-" in word for word in words)
    assert words[words.index("kvm") + 2] == "tcg"

"""Network interfaces that tests make, on a kernel that has not all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from pkgci_steps.install.root import Root, Said
from pkgci_steps.report import Case
from pkgci_steps.status import Status
from pkgci_steps.systest import interfaces

FAILED = Case("test dhcp", Status.FAILED, "non-zero exit status 1")


@dataclass
class Kernel:
    """A root whose kernel knows these kinds; one needs more words than it got."""

    knows: tuple[str, ...] = ("bridge", "vlan")
    asked: list[str] = field(default_factory=list)

    def run(self, *command: str) -> Said:
        self.asked.append(command[-1])
        if command[-1] == "vlan":
            return Said(255, "VLAN properties should be specified")
        return Said(0, "") if command[-1] in self.knows else Said(2, "Error: Unknown device type.")


def lacking(tmp_path: Path, text: str) -> tuple[str, ...]:
    (tmp_path / "debian/tests/functions.d").mkdir(parents=True)
    (tmp_path / "debian/tests/functions.d/interfaces").write_text(text)
    return interfaces.lacking(cast(Root, Kernel()), tmp_path)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("pre-up ip link add dummy0 type dummy\n", ("dummy",)),
        ("ip link add name br0 up type bridge; ip link add x type wireguard && true", ("wireguard",)),
        ("ip link add link eth0 name eth0.5 type vlan id 5\n", ()),
        ("the type dummy is no interface\n", ()),
    ],
)
def test_what_the_kernel_lacks_of_what_tests_make_is_found(tmp_path: Path, text: str, kinds: tuple[str, ...]) -> None:
    assert lacking(tmp_path, text) == kinds


def test_no_link_out_of_the_tests_is_read(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("ip link add x type dummy\n")
    (tmp_path / "debian/tests").mkdir(parents=True)
    (tmp_path / "debian/tests/link").symlink_to(tmp_path / "outside")
    assert interfaces.lacking(cast(Root, Kernel()), tmp_path) == ()


def test_a_test_that_fails_where_the_kernel_lacks_what_it_makes_is_skipped_and_says_so() -> None:
    passed, skipped = interfaces.excused([Case("test options"), FAILED], ("dummy",))
    assert passed.status is Status.PASSED
    assert skipped.status is Status.SKIPPED
    assert "dummy" in skipped.message and skipped.message.endswith(FAILED.message)


def test_on_any_other_kernel_it_is_at_fault() -> None:
    assert interfaces.excused([FAILED], ()) == [FAILED]

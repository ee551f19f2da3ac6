"""Which roots rpm targets have."""

from __future__ import annotations

from pathlib import Path

import pytest
from pkgci_steps.chroots import Purpose, deb, rpm
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

CHROOT = Target("rpm", "rpm", "trixie")
MOCK = Target("el9", "rpm", backend="mock", mock_root="centos-stream+epel-9-x86_64")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[deb.Recipe]:
    recipes: list[deb.Recipe] = []
    monkeypatch.setattr(deb, "make_of", lambda step, target, recipe, file: recipes.append(recipe))
    return recipes


def test_a_chroot_for_builds_has_the_macros_and_the_lint_rules_of_an_el(step: Step, made: list[deb.Recipe]) -> None:
    rpm.make(step, CHROOT, Purpose.BUILD, step.scratch / "file")
    uploads = [hook.split() for hook in made[0].hooks if hook.startswith("upload ")]
    assert [place for _, _, place in uploads] == [
        "/usr/lib/rpm/macros.d/macros.pkgci",
        "/usr/lib/rpm/pkgci/gpgverify",
        "/usr/lib/rpm/pkgci/pyproject_files",
        "/etc/xdg/rpmlint/pkgci.toml",
    ]
    assert all(Path(file).is_file() for _, file, _ in uploads)


@pytest.mark.parametrize("purpose", [Purpose.TEST, Purpose.SYSTEM])
def test_a_root_for_tests_has_dnf_and_what_stands_in_for_an_el_base(
    step: Step, made: list[deb.Recipe], purpose: Purpose
) -> None:
    rpm.make(step, CHROOT, purpose, step.scratch / "file")
    assert {"dnf", "rpm", "systemd"} <= set(made[0].packages)
    program = made[0].hooks[0].split()[1]
    assert Path(program).name == "make_base.py"
    assert Path(program).is_file()


def test_mock_keeps_its_own_chroots(step: Step, made: list[deb.Recipe]) -> None:
    with pytest.raises(Ended, match="mock keeps the chroots of el9 itself") as raised:
        rpm.make(step, MOCK, Purpose.BUILD, step.scratch / "file")
    assert raised.value.status is Status.SKIPPED
    assert made == []

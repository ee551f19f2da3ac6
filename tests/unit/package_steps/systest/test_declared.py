"""What is read of a source tree's tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from pkgci_steps.install.root import Root
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step
from pkgci_steps.systest import declared

CONTROL = "Source: greet\nBuild-Depends: debhelper-compat (= 13),\n pkgconf\n{}\nPackage: greet\nArchitecture: any\n"


def tree(folder: Path, tests: str = "", field: str = "") -> Path:
    (folder / "debian/tests").mkdir(parents=True)
    (folder / "debian/control").write_text(CONTROL.format(field))
    if tests:
        (folder / "debian/tests/control").write_text(tests)
    return folder


def needed(tests: str, control: str = CONTROL.format("")) -> declared.Tests | None:
    return declared.needed(control, declared.stanzas(tests), ("greet", "libgreet1"))


def needs(tests: str, control: str = CONTROL.format("")) -> tuple[str, ...]:
    found = needed(tests, control)
    assert found is not None
    return found.needs


@dataclass
class Nowhere:
    """A root in which autodep8 is a word that it says, or fails."""

    inside: tuple[str, ...]

    @property
    def system(self) -> Nowhere:
        return self


def asked(step: Step, source: Path, script: str) -> declared.Tests | None:
    """What is declared in ``source``, where autodep8 is the shell's ``script``."""
    root = cast(Root, Nowhere(("sh", "-c", script)))
    return declared.deb(step, root, source, ("greet", "libgreet1"))


def test_a_package_without_tests_declares_none(step: Step, tmp_path: Path) -> None:
    assert asked(step, tree(tmp_path), "exit 1") is None


def test_what_autodep8_has_for_a_package_counts_as_declared(step: Step, tmp_path: Path) -> None:
    source = tree(tmp_path, field="Testsuite: autopkgtest-pkg-python\n")
    found = asked(step, source, "printf 'Test-Command: true\\nDepends: python3-all, @\\n'")
    assert found is not None
    assert found.needs == ("python3-all, greet, libgreet1",)


def test_tests_that_a_package_declares_are_its_own(step: Step, tmp_path: Path) -> None:
    found = asked(step, tree(tmp_path, "Tests: one\nDepends: curl\n"), "echo Test-Command: false")
    assert found == declared.Tests(("curl",))


def test_what_tests_need_is_told_in_apts_words() -> None:
    tests = (
        "# a comment\nTests: one\nDepends: @, curl | wget [linux-any], # why\n# not\n jq\n\n"
        "Test-Command: true\nDepends:\n @builddeps@\n"
    )
    assert needs(tests) == (
        "greet, libgreet1, curl | wget [linux-any], jq",
        "debhelper-compat (= 13), pkgconf, build-essential",
    )


def test_a_test_without_depends_needs_all_packages() -> None:
    assert needs("Tests: one\n") == ("greet, libgreet1",)


def test_a_test_that_needs_a_build_needs_what_builds() -> None:
    found = needed("Tests: one\nRestrictions: build-needed, needs-root\nDepends: curl\n")
    assert found == declared.Tests(("dpkg-dev", "fakeroot", "curl"), built=True)


def test_a_test_that_needs_sudo_needs_sudo() -> None:
    assert needs("Tests: one\nRestrictions: needs-sudo\nDepends: curl\n") == ("curl, passwd, sudo",)


@pytest.mark.parametrize(
    "test", ["Tests: one\nDepends: curl, @recommends@\n", "Tests: one\nDepends: curl\nRestrictions: needs-recommends\n"]
)
def test_recommended_packages_are_those_that_can_be_known_before_the_build(test: str) -> None:
    control = CONTROL.format("") + "Recommends: ${misc:Recommends}, jq (>= 1), greet-data (= ${binary:Version})\n"
    assert needs(test, control) == ("curl, jq (>= 1), greet-data",)


@pytest.mark.parametrize("name", ["debian/tests", "debian/tests/control", "debian/control", "tests"])
def test_a_name_that_leads_out_of_the_source_is_refused(tmp_path: Path, name: str) -> None:
    source = tree(tmp_path / "source")
    path = source / name
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    path.symlink_to(tmp_path)
    with pytest.raises(Ended) as ended:
        declared.checked(source)
    assert ended.value.status is Status.FAILED


def test_no_source_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(Ended) as ended:
        declared.checked(tmp_path / "nowhere")
    assert ended.value.status is Status.MISUSED


def test_the_rpm_hook_counts_where_it_can_be_run(tmp_path: Path) -> None:
    assert declared.rpm(tmp_path) is None
    (tmp_path / "tests").mkdir()
    hook = tmp_path / "tests/run"
    hook.write_text("#!/bin/sh\n")
    assert declared.rpm(tmp_path) is None
    hook.chmod(0o755)
    assert declared.rpm(tmp_path) is not None

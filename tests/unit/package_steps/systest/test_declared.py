"""What is read of a source tree's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from pkgci_steps.status import Ended, Status
from pkgci_steps.systest import declared

CONTROL = "Source: greet\nBuild-Depends: debhelper-compat (= 13),\n pkgconf\n{}\nPackage: greet\nArchitecture: any\n"


def tree(folder: Path, tests: str = "", field: str = "") -> Path:
    (folder / "debian/tests").mkdir(parents=True)
    (folder / "debian/control").write_text(CONTROL.format(field))
    if tests:
        (folder / "debian/tests/control").write_text(tests)
    return folder


def test_a_package_without_tests_declares_none(tmp_path: Path) -> None:
    assert declared.deb(tree(tmp_path), ("greet",)) is None


def test_autodep8s_tests_count_as_declared(tmp_path: Path) -> None:
    assert declared.deb(tree(tmp_path, field="Testsuite: autopkgtest-pkg-python\n"), ("greet",)) is not None


def test_what_tests_need_is_told_in_apts_words(tmp_path: Path) -> None:
    tests = (
        "# a comment\nTests: one\nDepends: @, curl | wget [linux-any]\n\nTest-Command: true\nDepends:\n @builddeps@\n"
    )
    found = declared.deb(tree(tmp_path, tests), ("greet", "libgreet1"))
    assert found is not None
    assert found.needs == (
        "dpkg-dev",
        "greet, libgreet1, curl | wget [linux-any]",
        "debhelper-compat (= 13), pkgconf",
    )


def test_a_test_that_needs_a_build_needs_what_builds(tmp_path: Path) -> None:
    found = declared.deb(tree(tmp_path, "Tests: one\nRestrictions: build-needed\nDepends: curl\n"), ("greet",))
    assert found is not None
    assert "build-essential, fakeroot, debhelper-compat (= 13), pkgconf" in found.needs


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

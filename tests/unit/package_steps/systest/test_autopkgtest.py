"""What autopkgtest's words mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from pkgci_steps.report import Case
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step
from pkgci_steps.systest import autopkgtest
from pkgci_steps.systest.machine import System

ALL_GOOD = "library              PASS\nservice              PASS (superficial)\n"


def cases(status: int, summary: str) -> dict[str, Case]:
    return {case.name: case for case in autopkgtest.cases(status, summary, lambda name: f"said by {name}")}


@pytest.mark.parametrize("status", [0, 8])
def test_tests_that_pass_pass(status: int) -> None:
    found = cases(status, ALL_GOOD)
    assert {name: case.status for name, case in found.items()} == {
        "test library": Status.PASSED,
        "test service": Status.PASSED,
    }
    assert found["test library"].output == "said by library"


@pytest.mark.parametrize(
    "line",
    [
        "boot   SKIP Test needs machine-level isolation",
        "*      SKIP no tests in this package",
        "boot   FLAKY non-zero exit status 1",
    ],
)
def test_a_test_that_was_skipped_is_not_a_pass_and_says_why(step: Step, line: str) -> None:
    step.cases.extend(cases(2, f"{ALL_GOOD}{line}\n").values())
    with pytest.raises(Ended) as ended:
        step.passed_or_failed("")
    assert ended.value.status is Status.SKIPPED
    assert line.split(maxsplit=2)[2] in ended.value.reason


@pytest.mark.parametrize("status", [4, 6])
def test_a_test_that_fails_is_the_packages_fault(status: int) -> None:
    found = cases(status, "library PASS\nservice FAIL non-zero exit status 1\nother SKIP no\n")
    assert found["test service"].status is Status.FAILED
    assert found["test service"].message == "non-zero exit status 1"


@pytest.mark.parametrize("status", [4, 12, 14])
def test_a_status_that_says_failed_is_believed_also_without_a_line_that_does(status: int) -> None:
    assert cases(status, "")["tests"].status is Status.FAILED


@pytest.mark.parametrize("status", [16, 20, 1, -9])
def test_a_broken_test_bed_is_infrastructure_whatever_the_lines_say(status: int) -> None:
    with pytest.raises(Ended) as ended:
        cases(status, ALL_GOOD)
    assert ended.value.status is Status.INFRASTRUCTURE


def test_declared_tests_none_of_which_ran_are_no_pass() -> None:
    assert cases(0, "")["tests"].status is Status.SKIPPED


def test_a_link_on_the_desk_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a key")
    (tmp_path / "summary").symlink_to("secret")
    assert autopkgtest._text(tmp_path / "summary") == ""
    assert autopkgtest._said(tmp_path, "../secret") == ""


def test_tests_get_no_internet_and_the_isolation_that_the_machine_has(here: System, tmp_path: Path) -> None:
    words = autopkgtest.words(here, tmp_path / "tree", tmp_path / "output", 5)
    assert "--needs-internet=skip" in words
    assert "isolation-container" in words and "isolation-machine" not in words
    assert words[words.index("--timeout-test") + 1] == "300"

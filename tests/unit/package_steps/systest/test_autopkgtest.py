"""What autopkgtest's words mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from pkgci_steps.report import Case
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step
from pkgci_steps.systest import autopkgtest, bed

ALL_GOOD = "library              PASS\nservice              PASS (superficial)\n"


def cases(status: int, summary: str) -> dict[str, Case]:
    return {case.name: case for case in autopkgtest.cases(status, summary, lambda name: f"said by {name}")}


def judged(step: Step, status: int, summary: str) -> str:
    """The step's word, where the system booted and autopkgtest ended with ``status``."""
    step.cases.append(Case("boot"))
    step.cases.extend(cases(status, summary).values())
    try:
        step.passed_or_failed("")
    except Ended as ended:
        return f"{ended.status.word}: {ended.reason}"
    return "passed"


def test_tests_that_pass_pass() -> None:
    found = cases(0, ALL_GOOD)
    assert {name: case.status for name, case in found.items()} == {
        "test library": Status.PASSED,
        "test service": Status.PASSED,
    }
    assert found["test library"].output == "said by library"


@pytest.mark.parametrize(
    "line",
    [
        'boot   SKIP Test restriction "isolation-machine" requires testbed capability "isolation-machine"',
        "boot   SKIP exit status 77 and marked as skippable",
        "hints  SKIP unknown restriction hint-testsuite-triggers",
        "boot   FLAKY non-zero exit status 1",
    ],
)
def test_a_skip_or_a_flaky_failure_beside_a_passing_test_is_named_and_no_fault(step: Step, line: str) -> None:
    assert judged(step, 2, f"{ALL_GOOD}{line}\n") == "passed"
    skipped = next(case for case in step.cases if case.status is Status.SKIPPED)
    assert line.split(maxsplit=2)[2] in skipped.message


def test_tests_that_are_all_skipped_are_skipped_and_no_fault(step: Step) -> None:
    assert judged(step, 8, "net SKIP needs-internet\nboot SKIP isolation-machine\n") == "passed"
    assert [case.status for case in step.cases if case.name != "boot"] == [Status.SKIPPED, Status.SKIPPED]


def test_a_superficial_test_that_passes_is_enough(step: Step) -> None:
    assert judged(step, 8, "starts PASS (superficial)\n") == "passed"


@pytest.mark.parametrize("status", [4, 6])
def test_a_test_that_fails_is_the_packages_fault(step: Step, status: int) -> None:
    summary = "library PASS\nservice FAIL non-zero exit status 1\nother SKIP no\n"
    assert judged(step, status, summary) == "failed: test service: non-zero exit status 1"


@pytest.mark.parametrize("status", [12, 14])
def test_tests_whose_packages_cannot_be_installed_are_the_packages_fault(step: Step, status: int) -> None:
    assert judged(step, status, "library PASS\nother FAIL badpkg\n") == "failed: test other: badpkg"


@pytest.mark.parametrize("status", [4, 6, 12, 14])
def test_a_status_that_says_failed_is_believed_also_without_a_line_that_does(status: int) -> None:
    assert cases(status, "")["tests"].status is Status.FAILED


@pytest.mark.parametrize("status", [16, 20, 1, -9])
def test_a_broken_test_bed_is_infrastructure_whatever_the_lines_say(status: int) -> None:
    with pytest.raises(Ended) as ended:
        cases(status, ALL_GOOD)
    assert ended.value.status is Status.INFRASTRUCTURE


@pytest.mark.parametrize("status", [0, 8])
def test_declared_tests_none_of_which_ran_are_no_pass(status: int) -> None:
    assert cases(status, "")["tests"].status is Status.SKIPPED


def test_a_link_on_the_desk_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a key")
    (tmp_path / "summary").symlink_to("secret")
    assert autopkgtest._text(tmp_path / "summary") == ""
    assert autopkgtest._said(tmp_path, "../secret") == ""


@pytest.mark.parametrize(
    ("machine", "more", "less"), [("container", "reboot", "isolation-machine"), ("vm", "isolation-machine", "reboot")]
)
def test_tests_get_a_fresh_system_each_no_internet_and_the_isolation_that_there_is(
    tmp_path: Path, machine: str, more: str, less: str
) -> None:
    words = autopkgtest.words(bed.CAPABILITIES[machine], tmp_path / "tree", tmp_path / "output", tmp_path / "bed", 5)
    assert "--needs-internet=skip" in words
    assert {"revert", "revert-full-system", "root-on-testbed", "isolation-container", more} <= set(words)
    assert less not in words
    assert words[words.index("--timeout-test") + 1] == "300"

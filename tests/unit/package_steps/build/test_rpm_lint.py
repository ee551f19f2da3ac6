"""What rpmlint found, and what it means."""

from __future__ import annotations

from pkgci_steps.build import rpm_lint
from pkgci_steps.status import Status

SAID = """\
============================ rpmlint session starts ============================
rpmlint: 2.7.0
checks: 27, packages: 2

greet-devel.x86_64: W: no-documentation
greet.x86_64: E: zero-length /usr/share/doc/greet/README
greet.spec:12: W: macro-in-comment %build
 2 packages and 0 specfiles checked; 1 errors, 2 warnings, 0 filtered, 2 badness; has taken 0.3 s
"""


def test_its_findings_are_in_the_result_and_its_errors_in_the_report() -> None:
    details, cases = rpm_lint.report(rpm_lint.parse(SAID))
    assert (details["errors"], details["warnings"]) == (1, 2)
    assert [item["tag"] for item in details["findings"]] == ["no-documentation", "zero-length", "macro-in-comment"]
    assert [(case.name, case.status) for case in cases] == [("rpmlint: greet.x86_64: zero-length", Status.FAILED)]


def test_without_errors_there_is_one_good_case() -> None:
    details, cases = rpm_lint.report(rpm_lint.parse(""))
    assert details == {"errors": 0, "warnings": 0, "findings": []}
    assert [(case.name, case.status) for case in cases] == [("rpmlint", Status.PASSED)]

"""lintian's findings."""

from __future__ import annotations

from pkgci_steps.build.lint import parse, report
from pkgci_steps.status import Status

SAID = """\
running with root privileges is not recommended!
E: greet source: debian-rules-is-dh_make-template
W: libgreet1: no-symbols-control-file usr/lib/x86_64-linux-gnu/libgreet.so.1.0
I: greet: hardening-no-fortify-functions [usr/bin/greet]
N: 0 hints overridden
"""


def test_findings_are_told_with_their_package() -> None:
    found = parse(SAID)
    assert [(item["level"], item["package"], item["tag"]) for item in found] == [
        ("error", "greet source", "debian-rules-is-dh_make-template"),
        ("warning", "libgreet1", "no-symbols-control-file"),
        ("info", "greet", "hardening-no-fortify-functions"),
    ]
    assert found[1]["context"] == "usr/lib/x86_64-linux-gnu/libgreet.so.1.0"


def test_an_error_is_a_failure_in_the_report() -> None:
    details, cases = report(parse(SAID))
    assert (details["errors"], details["warnings"], len(details["findings"])) == (1, 1, 3)
    assert [(case.name, case.status) for case in cases] == [
        ("lintian: greet source: debian-rules-is-dh_make-template", Status.FAILED)
    ]


def test_a_clean_package_has_a_case_of_its_own() -> None:
    details, cases = report([])
    assert (details["errors"], [(case.name, case.status) for case in cases]) == (0, [("lintian", Status.PASSED)])

"""What sbuild's last words mean, and whose fault it is."""

from __future__ import annotations

import pytest
from pkgci_steps.build.extra import UNREADABLE
from pkgci_steps.build.sbuild import Outcome, summary, why
from pkgci_steps.status import Status

END = """
+------------------------------------------------------------------------------+
| Summary                                      Mon, 23 Nov 2026 07:59:03 +0000 |
+------------------------------------------------------------------------------+

Fail-Stage: {stage}
Package: greet
Status: {status}
"""


def outcome(text: str, stage: str, status: str) -> Outcome:
    text += END.format(stage=stage, status=status)
    return Outcome(1, text, summary(text))


@pytest.mark.parametrize(
    ("text", "stage", "said", "fault", "reason"),
    [
        ("make: *** Error 1\n", "build", "attempted", Status.FAILED, "the build failed"),
        (
            " sbuild-build-depends-main-dummy : Depends: libnone-dev (>= 2) but it is not installable\n"
            "                                   Depends: other but it is not going to be installed\n",
            "install-deps",
            "given-back",
            Status.FAILED,
            "build dependencies cannot be installed: libnone-dev (>= 2), other",
        ),
        (
            "E: Failed to fetch http://mirror/pool/x.deb  404  Not Found [IP: 192.0.2.1 80]\n",
            "install-deps",
            "failed",
            Status.INFRASTRUCTURE,
            "build dependencies cannot be fetched: E: Failed to fetch http://mirror/pool/x.deb",
        ),
        (
            f"{UNREADABLE}\n",
            "chroot-setup-commands",
            "failed",
            Status.INFRASTRUCTURE,
            "repositories of the site cannot",
        ),
        ("", "create-session", "failed", Status.INFRASTRUCTURE, "sbuild ended with status 1 at 'create-session'"),
        ("", "arch-check", "skipped", Status.SKIPPED, "not for this architecture"),
    ],
)
def test_the_package_is_blamed_for_what_is_its_fault(
    text: str, stage: str, said: str, fault: Status, reason: str
) -> None:
    ended = why(outcome(text, stage, said))
    assert (ended.status, reason in ended.reason) == (fault, True)


def test_a_build_cannot_blame_the_mirror() -> None:
    forged = "E: Failed to fetch http://mirror/x  404  Not Found\n" + END.format(stage="install-deps", status="failed")
    built = outcome(forged, "build", "attempted")
    assert built.words["Fail-Stage"] == "build"
    assert (built.unfetched, why(built).status) == ("", Status.FAILED)


def test_sbuild_that_says_nothing_is_no_fault_of_the_package() -> None:
    assert why(Outcome(-9, "", summary(""))).status is Status.INFRASTRUCTURE

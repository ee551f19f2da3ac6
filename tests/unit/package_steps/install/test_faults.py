"""Whose fault a failed installation is, told by words that apt and dnf really said."""

from __future__ import annotations

import pytest
from pkgci_steps.install import faults
from pkgci_steps.install.root import Said
from pkgci_steps.status import Status

PACKAGE = {
    "The following packages have unmet dependencies:\n broken : Depends: no-such-thing (>= 2) but it is not "
    "installable\nE: Unable to correct problems, you have held broken packages.\n": (
        "broken : Depends: no-such-thing (>= 2) but it is not installable"
    ),
    "dpkg: error processing archive /var/cache/apt/archives/clash_1_amd64.deb (--unpack):\n"
    " trying to overwrite '/usr/bin/env', which is also in package coreutils (9.7-3)\n"
    "E: Sub-process /usr/bin/dpkg returned an error code (1)\n": (
        "trying to overwrite '/usr/bin/env', which is also in package coreutils (9.7-3)"
    ),
    "dpkg: error processing package angry (--configure):\n"
    " installed angry package post-installation script subprocess returned error exit status 3\n": (
        "installed angry package post-installation script subprocess returned error exit status 3"
    ),
    "Error: \n Problem: conflicting requests\n  - nothing provides no-such-thing >= 2 needed by broken-1-1.noarch\n": (
        "nothing provides no-such-thing >= 2 needed by broken-1-1.noarch"
    ),
    "Error: Transaction test error:\n  file /usr/bin/other from install of clash-1-1.noarch conflicts with file from "
    "package other-1.0-1.noarch\n": (
        "file /usr/bin/other from install of clash-1-1.noarch conflicts with file from package other-1.0-1.noarch"
    ),
}
OTHERS = [
    "E: Failed to fetch https://pub.example.org/x.deb  Could not connect to pub.example.org:443\n",
    "E: Failed to fetch https://pub.example.org/x.deb  Hash Sum mismatch\n",
    "W: GPG error: https://pub.example.org trixie InRelease: NO_PUBKEY 3B4FE6ACC0B21F32\n",
    "E: Version '2' for 'greet' was not found\n",
    "Error: Failed to download metadata for repo 'review-7': repomd.xml GPG signature verification error\n",
    "Error: GPG check FAILED\n",
    "Curl error (60): SSL peer certificate was not OK for https://pub.example.org/\n",
    "dpkg: error: cannot write: No space left on device\n",
]


@pytest.mark.parametrize("text", PACKAGE)
def test_a_package_is_blamed_in_the_words_that_tell_most(text: str) -> None:
    case = faults.case("greet: install", Said(100, text))
    assert (case.status, case.message) == (Status.FAILED, PACKAGE[text])
    assert case.output == text


@pytest.mark.parametrize("text", OTHERS)
def test_mirrors_networks_keys_and_disks_are_no_packages_fault(text: str) -> None:
    case = faults.case("greet: install", Said(100, text))
    assert case.status is Status.INFRASTRUCTURE
    assert case.message == text.strip()


def test_what_fails_without_a_word_still_says_something() -> None:
    assert faults.case("greet: install", Said(7, "")).message == "status 7, without a word"

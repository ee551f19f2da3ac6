"""A certificate's fingerprints, as gpg tells them."""

from __future__ import annotations

import subprocess
import tempfile
from datetime import UTC, datetime

import pytest
from pkgci_steps.repository_admin.certificate import key

from pkgci.secrets import repository_keys


def test_the_fingerprints_are_those_that_gpg_tells() -> None:
    certificate = str(repository_keys.make("lab", 30, datetime(2026, 3, 1, tzinfo=UTC)).primary.public)
    with tempfile.TemporaryDirectory() as home:
        command = ["gpg", "--homedir", home, "--batch", "--with-colons", "--show-keys"]
        listed = subprocess.run(command, input=certificate, capture_output=True, text=True, check=True).stdout
    fingerprints = tuple(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
    found = key(certificate)
    assert (found.fingerprint, *found.signing) == fingerprints
    assert len(fingerprints) == 2
    assert found.certificate == certificate


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n?\n", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n\n"],
)
def test_what_is_no_certificate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="OpenPGP certificate"):
        key(text)

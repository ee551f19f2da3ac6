"""The command that makes a root."""

from __future__ import annotations

from pathlib import Path

import pytest
from pkgci_steps.chroots.deb import RECIPES, mmdebstrap
from pkgci_steps.chroots.purpose import Purpose
from pkgci_steps.mirrors import Source

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SOURCES = (
    Source("http://mirror.test/debian", "trixie", ("main",), KEYRING),
    Source("http://mirror.test/security", "trixie-security", ("main",), KEYRING),
)


def command(purpose: Purpose) -> list[str]:
    words = mmdebstrap(SOURCES, ('Acquire::http::Proxy "x";',), RECIPES[purpose], Path("/o.tar"), Path("/new.tar"))
    return [str(word) for word in words]


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_root_is_of_the_targets_suite_and_signed_by_its_distribution(purpose: Purpose) -> None:
    words = command(purpose)
    assert f"--keyring={KEYRING}" in words
    assert words[-4:] == [
        "trixie",
        "/new.tar",
        "deb http://mirror.test/debian trixie main",
        "deb http://mirror.test/security trixie-security main",
    ]
    assert '--aptopt=Acquire::http::Proxy "x"' in words


def test_a_build_finds_only_what_it_asks_for_though_the_rest_is_at_hand() -> None:
    words = command(Purpose.BUILD)
    (included,) = [word for word in words if word.startswith("--include=")]
    assert included == "--include=fakeroot"
    assert any("--download-only install debhelper" in word for word in words)
    assert "--variant=buildd" in words


def test_packages_are_installed_in_the_standard_minimal_system_and_built_in_less() -> None:
    assert "--variant=important" in command(Purpose.TEST)
    assert "--variant=buildd" in command(Purpose.BUILD)


def test_whoever_tests_can_reach_repositories_over_https() -> None:
    words = command(Purpose.TEST)
    assert "--include=ca-certificates" in words
    assert any("update-ca-certificates" in word for word in words)


def test_a_system_has_what_every_debian_system_has() -> None:
    assert RECIPES[Purpose.SYSTEM].variant == "important"

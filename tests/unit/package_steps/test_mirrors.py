"""Where a distribution's packages come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from pkgci_steps.mirrors import distribution, host_sources
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status

KEYRING = Path("/keyring.gpg")
# apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(COMPONENT) $(REPO_URI)'
TARGETS = """\
Debian trixie main http://mirror.test/debian/
Debian trixie-updates main http://mirror.test/debian/
Debian trixie-security main http://security.test/debian-security/
Jenkins trixie main http://jenkins.test/trixie/
$(ORIGIN) $(CODENAME) main http://unread.test/
"""
DISTRIBUTIONS = {"trixie": "debian", "bookworm": "debian", "sid": "debian", "noble": "ubuntu"}


def lines(suite: str) -> list[str]:
    found = host_sources(TARGETS, Target(suite, "deb", suite), KEYRING, DISTRIBUTIONS.__getitem__)
    return [source.line for source in found]


def test_another_suite_is_found_where_the_hosts_own_is() -> None:
    assert lines("bookworm") == [
        "deb http://mirror.test/debian bookworm main",
        "deb http://mirror.test/debian bookworm-updates main",
        "deb http://security.test/debian-security bookworm-security main",
    ]


def test_a_suite_in_the_making_has_no_updates() -> None:
    assert lines("sid") == ["deb http://mirror.test/debian sid main"]


def test_another_distribution_is_not_looked_for_on_this_ones_mirror() -> None:
    assert lines("noble") == []


def test_a_suite_is_of_one_distribution(tmp_path: Path) -> None:
    for name, series in (("debian", "trixie"), ("ubuntu", "noble")):
        (tmp_path / f"{name}.csv").write_text(f"version,codename,series\n1,X,{series}\n")
    assert [distribution(suite, tmp_path) for suite in ("trixie", "noble", "unstable")] == [
        "debian",
        "ubuntu",
        "debian",
    ]
    with pytest.raises(Ended, match="'tricksy' is a release of neither") as caught:
        distribution("tricksy", tmp_path)
    assert caught.value.status is Status.MISUSED

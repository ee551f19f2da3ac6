"""Where a distribution's packages come from."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pkgci_steps import mirrors
from pkgci_steps.mirrors import distribution, host_sources
from pkgci_steps.programs import Programs
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

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


class Web(Programs):
    """The host's apt, and the suites that there are: address of one → what is there, or what the server says."""

    def __init__(self, **_: Any) -> None:
        self.there: dict[str, str] = {}

    def output(self, command: Sequence[str | Path], **_: Any) -> tuple[int, bytes]:
        if command[0] == "apt-get":
            return 0, TARGETS.encode()
        url = str(command[-2])
        said = self.there.get(url.rpartition("/")[0].replace("/dists/", " "), "404  Not Found [IP: 192.0.2.1 80]")
        return (0, b"") if said == "there" else (100, f"E: Failed to fetch {url}  {said}".encode())


@pytest.fixture
def web(step: Step, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Step, Web]:
    monkeypatch.setattr(mirrors, "distribution", DISTRIBUTIONS.__getitem__)
    (tmp_path / "keyring").touch()
    monkeypatch.setattr(mirrors, "KEYRINGS", dict.fromkeys(("debian", "ubuntu"), tmp_path / "keyring"))
    found = Web()
    return dataclasses.replace(step, programs=found), found


def found(web: tuple[Step, Web], target: Target, *there: str) -> list[str]:
    step, served = web
    served.there |= dict.fromkeys(there, "there")
    return [source.line for source in mirrors.sources(step, target)]


OWN = Target("trixie", "deb", "trixie", mirror="http://own.test/debian/")


def test_a_mirror_of_ones_own_gives_updates_and_security_updates_too(web: tuple[Step, Web]) -> None:
    there = ("http://own.test/debian trixie", "http://own.test/debian trixie-updates")
    assert found(web, OWN, *there, "http://own.test/debian-security trixie-security") == [
        "deb http://own.test/debian trixie main",
        "deb http://own.test/debian trixie-updates main",
        "deb http://own.test/debian-security trixie-security main",
    ]


def test_a_mirror_on_a_disk_may_lack_updates_too(web: tuple[Step, Web]) -> None:
    target = dataclasses.replace(OWN, mirror="file:/srv/debian")
    web[1].there["file:/srv/debian trixie-updates"] = "File not found - /srv/debian/dists/trixie-updates/InRelease"
    assert found(web, target, "file:/srv/debian trixie") == ["deb file:/srv/debian trixie main"]


def test_ubuntus_security_updates_are_in_the_mirror_itself(web: tuple[Step, Web]) -> None:
    target = Target("noble", "deb", "noble", mirror="http://own.test/ubuntu", components=("main", "universe"))
    there = [f"http://own.test/ubuntu noble{part}" for part in ("", "-updates", "-security")]
    assert found(web, target, *there) == [f"deb {place} main universe" for place in there]


def test_security_updates_that_a_mirror_lacks_are_the_hosts_own(web: tuple[Step, Web]) -> None:
    there = ("http://own.test/debian trixie", "http://security.test/debian-security trixie-security")
    assert found(web, OWN, *there) == [
        "deb http://own.test/debian trixie main",
        "deb http://security.test/debian-security trixie-security main",
    ]


def test_security_updates_that_nobody_has_are_said_to_be_missing(
    web: tuple[Step, Web], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert found(web, OWN, "http://own.test/debian trixie") == ["deb http://own.test/debian trixie main"]
    said = capfdbinary.readouterr().out
    assert b"target trixie goes without trixie-updates, which is not at http://own.test/debian\n" in said
    assert b"target trixie goes without trixie-security" in said and b"`security_mirror:` of the target" in said


def test_a_security_mirror_that_the_site_names_is_the_only_one(web: tuple[Step, Web]) -> None:
    target = dataclasses.replace(OWN, security_mirror="http://safe.test/all/")
    there = ("http://own.test/debian trixie", "http://own.test/debian-security trixie-security")
    with pytest.raises(Ended, match="there is no trixie-security at http://safe") as caught:
        found(web, target, *there)
    assert caught.value.status is Status.MISUSED
    lines = found(web, target, "http://safe.test/all trixie-security")
    assert lines[-1] == "deb http://safe.test/all trixie-security main"


def test_a_mirror_without_the_suite_and_one_that_does_not_answer_are_told_apart(web: tuple[Step, Web]) -> None:
    with pytest.raises(Ended, match="there is no trixie at http://own") as caught:
        found(web, OWN)
    assert caught.value.status is Status.MISUSED
    web[1].there["http://own.test/debian trixie"] = "Could not connect to own.test:80"
    with pytest.raises(Ended, match=r"does not answer: .*Could not connect") as caught:
        found(web, OWN)
    assert caught.value.status is Status.INFRASTRUCTURE


def test_the_hosts_own_mirror_is_asked_for_updates_of_another_suite_too(web: tuple[Step, Web]) -> None:
    there = ("http://mirror.test/debian bookworm", "http://security.test/debian-security bookworm-security")
    assert found(web, Target("bookworm", "deb", "bookworm"), *there) == [f"deb {place} main" for place in there]

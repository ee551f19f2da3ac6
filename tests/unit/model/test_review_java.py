"""Which Java a site's own Gerrit gets, and which it does not run on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.model.load import load_site
from pkgci.model.review import java_of
from pkgci.model.roles import OperatingSystem
from tests.unit.model.test_review import LAB, LAB_SITE, OWN, faults

WAR = "war: {url: 'https://mirror.example.org/NAME', sha256: %s}, auth: ldap" % ("c" * 64)


def test_java_is_the_newest_that_the_system_has(write_site: Callable[[str], Path]) -> None:
    own = load_site(write_site(OWN))
    assert java_of(own.review, OperatingSystem.DEBIAN_13) == 21
    assert java_of(own.review, OperatingSystem.DEBIAN_12) == 17


@pytest.mark.parametrize(
    ("review", "system", "said"),
    [
        ("auth: ldap", "debian-12", "give host 'review01' 'os: debian-13', or take a WAR of 3.11 with 'java: 17'"),
        ("java: 21, auth: ldap", "debian-12", "Java 21 is not in debian-12"),
        ("java: 17, auth: ldap", "ubuntu-24.04", "remove 'java: 17', or take a WAR of 3.11"),
        (WAR.replace("NAME", "gerrit-3.12.0.war"), "debian-12", "Gerrit 3.12.0 needs Java 21"),
        (WAR.replace("NAME", "gerrit-4.0.war"), "debian-12", "Gerrit 4.0 needs Java 21"),
        (f"version: 3.14.1, java: 17, {WAR.replace('NAME', 'g.war')}", "debian-13", "Gerrit 3.14.1 needs Java 21"),
        (f"java: 21, {WAR.replace('NAME', 'gerrit-3.11.4.war')}", "debian-12", "Java 21 is not in debian-12: write"),
        (f"java: 17, {WAR.replace('NAME', 'gerrit-3.11.4.war')}", "debian-13", None),
        (f"java: 21, {WAR.replace('NAME', 'gerrit-3.11.4.war')}", "debian-13", None),
        (f"version: 3.9.11, {WAR.replace('NAME', 'g.war')}", "debian-12", None),
        (f"java: 17, {WAR.replace('NAME', 'g.war')}", "debian-12", None),
        ("auth: ldap", "ubuntu-22.04", None),
    ],
)
def test_gerrit_gets_a_java_that_it_runs_on(
    write_site: Callable[[str], Path], review: str, system: str, said: str | None
) -> None:
    text = OWN.replace("{role: review,", f"{{role: review, os: {system},").replace("auth: ldap", review)
    if said is None:
        load_site(write_site(text))
    else:
        assert said in faults(write_site, text)


def test_a_war_that_a_lab_brings_is_not_the_release_that_the_site_pins(write_site: Callable[[str], Path]) -> None:
    host = "  rev: {role: review, address: 198.18.9.9, dns: review.example.org, os: debian-12}\ngerrit: "
    file = write_site(LAB_SITE.replace("gerrit: ", host) + "lab: {review: {war: gerrit.war}}\n")
    file.with_name("gerrit.war").write_text("a war")
    assert load_site(file).own_review is not None
    assert "Gerrit 3.13.6 needs Java 21" in faults(write_site, LAB_SITE.replace("gerrit: ", host) + LAB)

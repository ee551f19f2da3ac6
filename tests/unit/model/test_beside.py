"""Where code of changes may run: on hosts of its own, for those whom the site trusts, and reaching little."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.model.load import load_site
from pkgci.model.outgoing import outgoing
from tests.unit.conftest import SITE
from tests.unit.model.test_load import faults

Write = Callable[[str], Path]


def with_role(role: str, more: str = "") -> str:
    """The site, with ``role`` on the host that installs packages."""
    start = SITE.index("  install01: ")
    line = SITE[start : SITE.index("\n", start)]
    changed = line.replace("role: slave_install", f"roles: [slave_install, {role}]{more}")
    assert changed != line
    other = next(text for text in SITE.splitlines() if f"role: {role}," in text) if f"role: {role}," in SITE else "\0"
    return SITE.replace(line, changed).replace(f"{other}\n", "")


@pytest.mark.parametrize("role", ["zuul", "jenkins_master", "publisher", "review"])
def test_jobs_beside_what_must_not_fall_are_refused_in_words(write_site: Write, role: str) -> None:
    found = [fault for fault in faults(write_site(with_role(role))) if "breaks out of a job" in fault]
    assert len(found) == 1
    assert f"host 'install01' has slave_install beside {role}: " in found[0]
    assert f"`jobs_beside: [{role}]`" in found[0]


def test_a_site_can_accept_what_that_means_and_has_to_name_each_role(write_site: Write) -> None:
    load_site(write_site(with_role("zuul", ", jobs_beside: [zuul]").replace("jump: zuul01", "jump: install01")))
    assert any(
        "beside zuul: " in fault for fault in faults(write_site(with_role("zuul", ", jobs_beside: [publisher]")))
    )


def test_what_is_accepted_where_there_is_nothing_to_accept_is_a_mistake(write_site: Write) -> None:
    text = SITE.replace("role: slave_install", "role: slave_install, jobs_beside: [zuul]")
    assert any("has no jobs of changes beside the role 'zuul'" in fault for fault in faults(write_site(text)))


def test_own_steps_are_run_for_those_whom_the_site_trusts(write_site: Write) -> None:
    text = SITE.replace("{targets: [trixie, el9]", "{targets: [trixie], own_steps: true")
    assert text != SITE
    assert any("has own_steps, and every change runs: say whose may" in fault for fault in faults(write_site(text)))
    load_site(write_site(f"{text}zuul: {{trust: {{accounts: [alice]}}}}\n"))


def test_jobs_reach_the_ports_of_mirrors_and_sources_and_those_that_the_site_names(write_site: Write) -> None:
    more = "sources: {hosts: ['files.example.org:8443']}\nbuilds: {ports: [3128]}\n"
    site = load_site(write_site(SITE + more))
    reached = outgoing(site, site.host("build01"))
    assert reached is not None
    assert reached.ports == (80, 443, 3128, 8443)
    assert outgoing(site, site.host("zuul01")) is None

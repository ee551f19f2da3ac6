"""``sources:`` of a site: from which hosts build slaves may fetch upstream's files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.model.load import load_site
from pkgci.model.packages import step_settings
from tests.unit.conftest import SITE
from tests.unit.model.test_load import faults

Write = Callable[[str], Path]
PROJECT = "{targets: [trixie, el9]"
URL = f"{PROJECT}, source: {{tarball: {{url: 'https://files.example.org:8443/a.tar.gz', sha256: '{'0' * 64}'}}}}"
LOOKASIDE = "https://cache.example.org/rpms/{name}/{file}/{algorithm}/{hash}/{file}"


def told(path: Path) -> dict[str, object]:
    site = load_site(path)
    found: dict[str, object] = step_settings(site, site.host("build01"), lambda name: [])["sources"]
    return found


def test_a_site_that_says_nothing_allows_no_host(write_site: Write) -> None:
    assert told(write_site(SITE)) == {"hosts": [], "lookaside": None, "largest_mb": 1000, "disk_mb": 20000}


def test_the_hosts_of_the_lookaside_and_of_projects_own_addresses_need_not_be_named(write_site: Write) -> None:
    sources = f"sources: {{hosts: [tarballs.opendev.org], lookaside: '{LOOKASIDE}', largest: 2 GB, disk: 50 GB}}\n"
    assert told(write_site(SITE.replace(PROJECT, URL) + sources)) == {
        "hosts": ["tarballs.opendev.org", "files.example.org:8443", "cache.example.org"],
        "lookaside": LOOKASIDE,
        "largest_mb": 2000,
        "disk_mb": 50000,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hosts: ['https://example.org']", "'https://example.org' is not a valid host: write HOST, or HOST:PORT"),
        ("hosts: ['*.example.org']", "'*.example.org' is not a valid host"),
        ("hosts: ['example.org/x']", "'example.org/x' is not a valid host"),
        ("lookaside: 'https://example.org/{file}'", "it lacks {file} or {hash}, as in https://HOST/"),
        ("lookaside: 'https://example.org/{pkg}/{file}/{hash}'", "'{pkg}' is unknown: there are {name}, {file}"),
        ("lookaside: 'ftp://example.org/{file}/{hash}'", "is not a web address"),
    ],
)
def test_what_cannot_be_meant_is_refused(write_site: Write, text: str, message: str) -> None:
    found = faults(write_site(f"{SITE}sources: {{{text}}}\n"))
    assert any(message in fault for fault in found), found

"""What people find beside the packages, and whether it says enough to use them."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from pkgci_steps.repository_admin.description import Description, Key, Listing, Package
from pkgci_steps.repository_admin.pages import pages

PEM = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmg\n-----END CERTIFICATE-----\n"
FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
HOSTILE = '<script src="https://evil.example.org/x.js">&"\''


def described(**other: Any) -> Description:
    values: dict[str, Any] = {
        "site": "lab",
        "url": "https://pub01.pkg.lab.test/packages/",
        "listings": (
            Listing("trixie", "deb", (Package("greet", "1.0-1", "amd64"), Package("greet", "1.0-1", "source"))),
            Listing("rpm", "rpm", (Package("greet", "1.0-1", "noarch"),)),
        ),
        "keys": {"release": Key(FINGERPRINT, "release certificate"), "review": Key("F" * 40, "review certificate")},
        "authority": PEM,
        "made": datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc),  # noqa: UP017 (as on hosts)
    }
    return Description(**{**values, **other})


def text_of(page: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", page))


def test_the_top_has_a_page_a_file_per_target_the_keys_and_the_authority() -> None:
    files = pages(described())
    assert set(files) == {
        "index.html", "lab-trixie.sources", "lab-rpm.repo", "lab-ca.crt", "keys/release.asc", "keys/review.asc"
    }  # fmt: skip
    assert files["keys/release.asc"] == "release certificate"


def test_a_review_repository_is_told_from_the_released_one() -> None:
    files = pages(described(name="review/12", changes=("packaging/greet, change 12, patch set 3",)))
    assert set(files) == {"index.html", "lab-trixie.sources", "lab-rpm.repo"}
    assert "URIs: https://pub01.pkg.lab.test/packages/review/12/deb\n" in files["lab-trixie.sources"]
    assert "Signed-By: /etc/apt/keyrings/lab-review.asc\n" in files["lab-trixie.sources"]
    assert "gpgkey=https://pub01.pkg.lab.test/packages/keys/review.asc\n" in files["lab-rpm.repo"]
    text = text_of(files["index.html"])
    assert "not released: review 12" in text
    assert "packaging/greet, change 12, patch set 3" in text
    assert "FFFF FFFF" in text


def test_dnf_checks_packages_and_lists() -> None:
    file = pages(described())["lab-rpm.repo"]
    assert {
        "gpgcheck=1",
        "repo_gpgcheck=1",
        "mirrorlist=https://pub01.pkg.lab.test/packages/rpm/rpm/mirrorlist",
    } <= set(file.splitlines())


def test_the_page_has_the_files_that_it_tells_to_fetch_word_for_word() -> None:
    files = pages(described())
    text = text_of(files["index.html"])
    for name, content in files.items():
        if name.endswith((".sources", ".repo")):
            assert content.rstrip() in text
    fetched = re.findall(r"https://pub01\.pkg\.lab\.test/packages/(\S+)", text)
    assert {"lab-ca.crt", "keys/release.asc", "lab-trixie.sources", "lab-rpm.repo"} <= set(fetched)


def test_both_fingerprints_are_there() -> None:
    text = text_of(pages(described())["index.html"])
    assert "0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567" in text
    # openssl x509 -fingerprint -sha256 is the digest of the certificate's bytes.
    assert re.search(r"^([0-9A-F]{2}:){31}[0-9A-F]{2}$", text, re.MULTILINE)


def test_versions_stand_in_their_targets_column_and_sources_do_not() -> None:
    listings = (
        Listing("trixie", "deb", (Package("greet", "1.0-1", "amd64"), Package("greet", "1.1-1", "amd64"))),
        Listing("bookworm", "deb", (Package("onlysource", "1", "source"),)),
    )
    page = pages(described(listings=listings))["index.html"]
    assert "<tr><td>greet</td><td>1.0-1<br>1.1-1</td><td></td></tr>" in page
    assert "onlysource" not in page


def test_an_empty_repository_says_so() -> None:
    assert "Nothing yet." in pages(described(listings=(Listing("trixie", "deb", ()),)))["index.html"]


@pytest.mark.parametrize("name", ["release", "review/12", "gate/12-Z1"])
def test_nothing_that_others_wrote_becomes_markup_and_nothing_comes_from_elsewhere(name: str) -> None:
    listings = (Listing("trixie", "deb", (Package(HOSTILE, HOSTILE, "all"),)),)
    page = pages(described(listings=listings, name=name, changes=(HOSTILE,)))["index.html"]
    tags: set[str] = set()
    links: set[str | None] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            tags.add(tag)
            links.update(value for name, value in attributes if name in ("href", "src"))

    Reader().feed(page)
    assert not tags & {"script", "img", "iframe", "object"}
    assert all(str(link).startswith("https://pub01.pkg.lab.test/packages/") for link in links)

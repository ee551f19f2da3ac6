"""Which real servers can be had: the probe behind `make demo`."""

from __future__ import annotations

import io
import time
import urllib.error
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from pkgci.cli.main import pkgci
from pkgci.lab import choose
from pkgci.lab.choose import Found, can_have_jenkins, chosen_text, find_review
from pkgci.model.load import load_site
from pkgci.model.site import Site
from tests.unit.model.test_review import LAB_SITE

WAR = b"a war " * 1000


@pytest.fixture
def site(write_site: Callable[[str], Path]) -> Site:
    war = f"war: {{url: 'https://mirror.example.org/gerrit.war', sha256: '{sha256(WAR).hexdigest()}'}}"
    host = "  rev: {role: review, address: 198.18.9.9, dns: review.example.org}\ngerrit: "
    return load_site(write_site(f"{LAB_SITE.replace('gerrit: ', host)}review: {{{war}}}\nlab: {{}}\n"))


class Answer(io.BytesIO):
    """What an address has, as slow as a test wants it."""

    def __init__(self, content: bytes, pause: float = 0) -> None:
        super().__init__(content)
        self.headers = {"Content-Length": str(len(content))}
        self.pause = pause

    def read(self, size: int | None = -1) -> bytes:
        time.sleep(self.pause)
        return super().read(100 if self.pause else size)


def opening(content: bytes = WAR, pause: float = 0) -> choose.Open:
    return lambda url, method, seconds: Answer(content, pause)


def closed(url: str, method: str, seconds: float) -> Any:
    raise urllib.error.URLError(OSError("no route"))


def test_a_gerrit_that_can_be_downloaded_is_taken_and_kept(site: Site, tmp_path: Path) -> None:
    found = find_review(site, tmp_path / "wars", 60, opening())
    assert found.real and found.war is not None and found.war.read_bytes() == WAR
    assert find_review(site, tmp_path / "wars", 60, closed).why == "downloaded before"


def test_where_there_is_no_way_it_says_so(site: Site, tmp_path: Path) -> None:
    found = find_review(site, tmp_path, 60, closed)
    assert (found.real, found.why) == (False, "mirror.example.org cannot be reached")
    assert can_have_jenkins(site, 60, closed).why == "pkg.jenkins.io cannot be reached"


def test_a_download_that_would_take_too_long_is_given_up(site: Site, tmp_path: Path) -> None:
    found = find_review(site, tmp_path, 0.2, opening(pause=0.05))
    assert not found.real and "takes longer than 0 s" in found.why
    assert list(tmp_path.glob("*.part")) == [] and list(tmp_path.glob("*.war")) == []
    assert not can_have_jenkins(site, 0.5, opening(pause=0.05)).real


def test_another_file_than_the_release_is_not_taken(site: Site, tmp_path: Path) -> None:
    found = find_review(site, tmp_path, 60, opening(b"something else"))
    assert not found.real and "its checksum is another" in found.why


def test_the_site_file_gets_what_can_be_had(site: Site) -> None:
    text = chosen_text("site: x\nlab: {}\n", Found("Gerrit", True, "", Path("/w/g.war")), Found("Jenkins", False, ""))
    assert yaml.safe_load(text)["lab"] == {"review": {"war": "/w/g.war"}}
    text = chosen_text("lab: {}\n", Found("Gerrit", False, ""), Found("Jenkins", True, ""))
    assert yaml.safe_load(text)["lab"] == {"jenkins": "real"}


def test_the_command_prints_the_site_file_to_go_on_with(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "_open", closed)
    result = CliRunner().invoke(pkgci, ["lab", "choose", "--site", str(site.path)])
    assert result.stdout == f"{site.path}\n"
    assert "Gerrit: the stand-in: mirror.example.org cannot be reached" in result.stderr
    monkeypatch.setattr(choose, "_open", opening())
    result = CliRunner().invoke(pkgci, ["lab", "choose", "--site", str(site.path)])
    copy = site.path.with_name("real-site.yaml")
    assert result.stdout == f"{copy}\n"
    assert load_site(copy).own_review is not None

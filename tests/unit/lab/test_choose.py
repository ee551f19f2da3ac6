"""Which real servers can be had: the probe behind `make demo`."""

from __future__ import annotations

import io
import time
import urllib.error
from collections.abc import Callable
from email.message import Message
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


def test_the_pinned_plugins_must_be_there_too(site: Site, write_site: Callable[[str], Path]) -> None:
    asked: list[str] = []

    def without(lacking: str) -> choose.Open:
        def open_url(url: str, method: str, seconds: float) -> Any:
            asked.append(f"{method} {url}")
            if lacking and lacking in url:
                raise urllib.error.HTTPError(url, 404, "Not Found", Message(), None)
            return Answer(WAR)

        return open_url

    assert can_have_jenkins(site, 60, without("")).real
    place = "HEAD https://updates.jenkins.io/download/plugins"
    assert f"{place}/gearman-plugin/0.8.0/gearman-plugin.hpi" in asked
    assert sum(line.startswith(place) for line in asked) > 15
    found = can_have_jenkins(site, 60, without("/gearman-plugin.hpi"))
    assert (found.real, found.why) == (False, "the plugin gearman-plugin 0.8.0: updates.jenkins.io answers 404")
    assert "the plugin manager: github.com answers 404" in can_have_jenkins(site, 60, without("manager")).why
    own = (
        "jenkins: {update_center: 'https://mirror.example.org/uc/update-center.json', plugins: {gearman-plugin: '9'}}\n"
    )
    other = load_site(write_site(site.path.read_text() + own))
    found = can_have_jenkins(
        other, 60, without("mirror.example.org/download/plugins/gearman-plugin/9/gearman-plugin.hpi")
    )
    assert found.why == "the plugin gearman-plugin 9: mirror.example.org answers 404"


def test_plugins_that_answer_too_late_are_not_waited_for(site: Site) -> None:
    def slow(url: str, method: str, seconds: float) -> Any:
        if "/plugins/" in url:
            time.sleep(1)
        return Answer(WAR)

    begun = time.monotonic()
    found = can_have_jenkins(site, 0.5, slow)
    assert (found.real, "not known within" in found.why) == (False, True)
    assert time.monotonic() - begun < 1


REAL = (Found("Gerrit", True, "", Path("/w/g.war")), Found("Jenkins", True, ""))
LAB = {"mirror": "http://deb.example.org", "review": {"war": "/w/g.war"}, "jenkins": "real"}


@pytest.mark.parametrize(
    "text",
    [
        "lab: {mirror: 'http://deb.example.org'}  # mine\nprojects: {}\n",
        "site: x\nlab:\n  # the mirror here\n  mirror: http://deb.example.org\n\n# What is built.\nprojects: {}\n",
        "lab:\n  mirror: http://deb.example.org\n  jenkins: stand-in\n  review:\n    war: old.war",
        "lab: {mirror: 'http://deb.example.org',\n  review: stand-in}\nprojects: {}\n",
        "{version: 1, lab: {mirror: 'http://deb.example.org'}, projects: {}}\n",
        "x: &lab {mirror: 'http://deb.example.org'}\nlab: *lab\nprojects: {}\n",
        "'lab': {mirror: 'http://deb.example.org'}\n",
    ],
)
def test_the_lab_is_edited_whatever_its_layout_and_keeps_what_else_it_says(text: str) -> None:
    edited = chosen_text(text, *REAL)
    assert yaml.safe_load(edited) == {**yaml.safe_load(text), "lab": LAB}
    for comment in ("# mine", "# What is built."):
        assert (comment in edited) is (comment in text)


def test_what_cannot_be_had_is_the_stand_in_also_where_the_file_says_real() -> None:
    text = "lab:\n  jenkins: real\n  mirror: http://deb.example.org\nsite: x\n"
    edited = chosen_text(text, Found("Gerrit", False, ""), Found("Jenkins", False, ""))
    assert yaml.safe_load(edited) == {"lab": {"mirror": "http://deb.example.org"}, "site": "x"}


@pytest.mark.parametrize(
    "text", ["lab:\nsite: x\n", "site: x\nlab:", "lab: {}\nsite: x", "site: x\n", "lab: ~ # none\nsite: x\n"]
)
def test_a_file_whose_lab_says_nothing_gets_one(text: str) -> None:
    lab = {"review": {"war": "/w/g.war"}, "jenkins": "real"}
    assert yaml.safe_load(chosen_text(text, *REAL)) == {"site": "x", "lab": lab}


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

"""A publisher that answers as pkgci-repository does, without SSH."""

from __future__ import annotations

import json
import shlex
from contextlib import contextmanager
from typing import Any

import pytest

from pkgci.model.site import Host, Site
from pkgci.remote.session import Completed

VERSION = {
    "target": "trixie",
    "kind": "deb",
    "source": "greet",
    "version": "1.0-1",
    "packages": ["greet", "libgreet1"],
    "size": 12345,
    "project": "packaging/greet",
    "change": "12",
    "patchset": "3",
    "published": "2026-11-23T10:00:00+00:00",
}
OVERVIEW = {
    "site": "test",
    "url": "https://pub01.pkg.example.org/packages/",
    "generation": 7,
    "generations": [
        {"number": 7, "made": "2026-11-23T10:00:00+00:00", "why": "change 12", "versions": 1},
        {"number": 6, "made": "2026-11-22T10:00:00+00:00", "why": "the first state", "versions": 0},
    ],
    "released": [VERSION],
    "reviews": [
        {
            "name": "13",
            "changes": [{"change": "13", "project": "packaging/greet", "closed": None}],
            "last": "2026-11-23T09:00:00+00:00",
            "closed": None,
            "targets": ["rpm", "trixie"],
            "versions": 2,
            "size": 1234567,
            "generations": 3,
        }
    ],
}
REMOVAL = {"generation": 7, "gone": [VERSION], "back": []}
ROLLBACK = {"generation": 7, "gone": [], "back": [VERSION], "to": 6}


class FakePublisher:
    """Answers by the words after the program's name; remembers what it was asked, and in which words."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.answers: dict[str, Completed] = {}
        self.asked: list[list[str]] = []

    def run(self, command: str, *, at_least: float) -> Completed:
        before, _, line = command.partition(" && ")
        words = shlex.split(line)
        assert before == "cd /"
        assert words[:5] == ["runuser", "-u", "publisher", "--", "/usr/local/bin/pkgci-repository"]
        self.asked.append(words[5:])
        kind = words[5] + (" done" if "--generation=7" in words else "")
        return self.answers[kind]

    def says(self, kind: str, answer: Any) -> None:
        self.answers[kind] = Completed(0, json.dumps(answer), "gpg: a remark\n")

    def fails(self, kind: str, status: int, words: str) -> None:
        self.answers[kind] = Completed(status, "", f"gpg: a remark\n{words}\n")


@pytest.fixture
def publisher(site: Site, monkeypatch: pytest.MonkeyPatch) -> FakePublisher:
    fake = FakePublisher(site.host("pub01"))
    fake.says("list", OVERVIEW)
    fake.says("remove", REMOVAL)
    fake.says("remove done", {"generation": 8})
    fake.says("rollback", ROLLBACK)
    fake.says("rollback done", {"generation": 8, "to": 6})

    @contextmanager
    def opened(_site: Site, host: Host, _trust: object) -> Any:
        assert host.name == "pub01"
        yield fake

    monkeypatch.setattr("pkgci.remote.session.open_session", opened)
    return fake

"""The pages above the builds' own: what they show, in which order, and that nothing sent becomes part of them."""

from __future__ import annotations

import json
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pkgci_logs import build, pages
from pkgci_logs.build import LOST, read_build
from pkgci_logs.store import Store, build_path


def add(store: Store, path: str, *, started: str = "2026-01-02T03:04:05+00:00", **result: object) -> None:
    """A build that has ended; ``status`` None is one that runs."""
    folder = store.logs / path
    folder.mkdir(parents=True)
    (folder / "console.txt").write_text("log\n")
    name = "job.json" if result.get("status", "passed") is None else "result.json"
    document = {"status": "passed", "started": started, "duration": 65.2, "project": "packaging/greet", **result}
    (folder / name).write_text(json.dumps(document))
    pages.show(store, build_path(path))


def page(store: Store, folder: str = "") -> str:
    return (store.pages / folder / "index.html").read_text()


def links(text: str) -> list[str]:
    return re.findall(r'<td><a href="([^"]*)"', text)


class Tags(HTMLParser):
    """The names of the elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)


def test_a_changes_page_has_all_its_builds_newest_patch_set_first(store: Store) -> None:
    add(store, "12/3412/9/check/job/0000001", started="2026-01-09T00:00:00+00:00")
    add(store, "12/3412/10/check/job/0000002", started="2026-01-10T00:00:00+00:00")
    add(store, "12/3412/10/gate/job/0000003", started="2026-01-11T00:00:00+00:00", status="failed", reason="it broke")
    text = page(store, "12/3412")
    assert re.findall("<h2>(.*)</h2>", text) == ["Patch set 10", "Patch set 9"]
    assert [link.split("/")[-2] for link in links(text)] == ["0000003", "0000002", "0000001"]
    assert "Change 3412 of packaging/greet" in text and "it broke" in text and "1 min 5 s" in text


@pytest.mark.parametrize("folder", ["12/3412", "12/3412/3", "12/3412/3/check", "12/3412/3/check/job", ""])
def test_the_links_of_every_page_lead_to_the_build(store: Store, folder: str) -> None:
    add(store, "12/3412/3/check/job/0000001")
    link = links(page(store, folder))[-1]
    assert os.path.normpath(f"{folder or '.'}/{link}") == "12/3412/3/check/job/0000001"


def test_a_page_has_only_what_is_below_it(store: Store) -> None:
    add(store, "12/3412/3/check/job/0000001")
    add(store, "12/3412/3/check/job-two/0000002")
    assert "0000002" not in page(store, "12/3412/3/check/job") and "0000002" in page(store, "12/3412/3/check")


def test_the_first_page_has_the_latest_builds_of_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LATEST", 2)
    for number in range(3):
        add(store, f"1{number}/1{number}/1/check/job/000000{number}")
    add(store, "periodic/job/0000009")
    text = page(store)
    built = [link for link in links(text) if re.search("/000000[0-9]/$", link)]
    assert built == ["periodic/job/0000009/", "12/12/1/check/job/0000002/"]
    assert "0000000" not in text and "0000001" not in text


def test_a_build_that_runs_is_shown_as_such_and_as_lost_when_its_host_is_silent(store: Store) -> None:
    add(store, "12/3412/3/check/job/0000001", status=None)
    assert "running" in page(store, "12/3412")
    known = read_build(store, build_path("12/3412/3/check/job/0000001"))
    assert read_build(store, known.path, known.heard + LOST + 1).status == "lost"
    assert read_build(store, known.path, known.heard + LOST - 1).status == "running"


def test_whatever_a_build_says_is_text(store: Store) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\" onclick='x'"
    add(store, "12/3412/3/check/job/0000001", status=evil, reason=evil, project=evil, node=evil, started=evil)
    for folder in ("", "12/3412"):
        text = page(store, folder)
        assert "&lt;script&gt;" in text
        assert not Tags(text).names & {"script", "img"}
        assert "style=" not in text and "unknown" in text


@pytest.mark.parametrize("document", ["", "[]", "no JSON", '"x"', "[" * 100000, '{"duration": 1e999, "started": 5}'])
def test_a_result_that_is_none_breaks_no_page(store: Store, document: str) -> None:
    path = "12/3412/3/check/job/0000001"
    (store.logs / path).mkdir(parents=True)
    (store.logs / path / "result.json").write_text(document)
    pages.show(store, build_path(path))
    assert "unknown" in page(store, "12/3412")


def test_a_result_that_is_a_link_or_a_pipe_is_not_read(store: Store, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text('{"reason": "secret"}')
    for name, make in (("0000001", lambda at: at.symlink_to(tmp_path / "secret")), ("0000002", os.mkfifo)):
        path = f"12/3412/3/check/job/{name}"
        (store.logs / path).mkdir(parents=True)
        make(store.logs / path / "result.json")
        pages.show(store, build_path(path))
    assert "secret" not in page(store, "12/3412")


def test_making_all_pages_anew_gives_the_same_and_removes_those_of_what_is_gone(store: Store) -> None:
    add(store, "12/3412/3/check/job/0000001")
    add(store, "12/3412/4/check/job/0000002", started="2026-01-03T00:00:00+00:00")
    before = {str(file): file.read_text() for file in store.pages.rglob("index.html")}
    (store.pages / "12/3412/9").mkdir()
    (store.pages / "12/3412/9/index.html").write_text("old")
    pages.show_all(store)
    assert {str(file): file.read_text() for file in store.pages.rglob("index.html")} == before
    assert not (store.pages / "12/3412/9").exists()


SURROGATE = b'{"status": "failed", "reason": "left \\udcff behind", "project": "\\ud800"}'
RAW = b'{"status": "failed", "reason": "left \xed\xb3\xbf behind", "node": "\xff"}'
HUGE = b'{"status": "failed", "duration": 1' + b"0" * 4000 + b', "started": "0001-01-01T00:00:00"}'


@pytest.mark.parametrize("document", [SURROGATE, RAW, HUGE])
def test_what_one_build_sends_keeps_no_other_from_its_page(store: Store, document: bytes) -> None:
    bad, good = "12/3412/3/check/job/0000001", "12/3412/3/check/job/0000002"
    (store.logs / bad).mkdir(parents=True)
    (store.logs / bad / "result.json").write_bytes(document)
    pages.show(store, build_path(bad))
    add(store, good)
    for folder in ("", "12/3412"):
        assert "0000002/" in page(store, folder) and "0000001/" in page(store, folder)


def test_a_build_that_cannot_be_read_is_shown_as_such_beside_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = build._words

    def words(document: dict[str, object]) -> dict[str, object]:
        if document.get("project") == "evil":
            raise MemoryError
        return real(document)

    monkeypatch.setattr(build, "_words", words)
    add(store, "12/3412/3/check/job/0000001", project="evil")
    add(store, "12/3412/3/check/job/0000002", project="good")
    for folder in ("", "12/3412"):
        text = page(store, folder)
        assert "unreadable" in text and "MemoryError" in text and "0000001/" in text and "0000002/" in text


def test_no_control_and_no_turn_of_the_writing_direction_is_in_a_page(store: Store) -> None:
    unfit = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066, 0x200F, 0x2028, 0xFEFF)))
    add(store, "12/3412/3/check/job/0000001", status="failed", reason=f"a{unfit}b", node=unfit, project=unfit)
    for folder in ("", "12/3412"):
        assert not set(page(store, folder)) & (set(unfit) - set("\t\n"))


def test_a_large_result_is_read_once_however_often_pages_are_made(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, "12/3412/3/check/job/0000001", status="failed", reason="no", more=["x"] * 10_000)
    before = page(store, "12/3412")
    (store.logs / "12/3412/3/check/job/0000001/result.json").write_text("gone")
    pages.show_all(store)
    assert page(store, "12/3412") == before
    assert sum(file.stat().st_size for file in store.known.rglob("*.json")) < 1000


def test_what_was_known_of_a_build_goes_with_it(store: Store) -> None:
    add(store, "12/3412/3/check/job/0000001")
    assert list(store.known.rglob("*.json"))
    shutil.rmtree(store.logs / "12")
    pages.show_all(store)
    assert list(store.known.iterdir()) == []

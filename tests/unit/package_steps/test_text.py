"""What strangers call their files breaks no result, no report and no log, and tells nobody's terminal anything."""

from __future__ import annotations

import io
import json
import os
from datetime import datetime, timezone
from xml.etree import ElementTree

import pytest
from pkgci_steps.log import Log
from pkgci_steps.report import Case, junit, result
from pkgci_steps.status import Status
from pkgci_steps.step import Step
from pkgci_steps.text import in_line, json_text

NOT_UTF8 = os.fsdecode(b"/etc/\xff")
CONTROLS = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
TURNING = "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
STRANGE = [NOT_UTF8, CONTROLS, TURNING, "\ud800", "\udc00\ud800"]


@pytest.mark.parametrize("name", STRANGE)
def test_a_result_is_utf8_whatever_is_in_it(step: Step, name: str) -> None:
    now = datetime(2026, 1, 2, tzinfo=timezone.utc)  # noqa: UP017 (Python 3.10)
    details = {"leftover": [name], name: {"deep": [{"name": name}]}}
    text = result("install", step.inputs, Status.FAILED, f"left behind: {name}", now, 1.0, details)
    document = json.loads(text.encode("utf-8"))
    assert document["reason"].startswith("left behind: ")
    json.dumps(document, ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize("name", STRANGE)
def test_a_junit_report_is_xml_whatever_is_in_it(name: str) -> None:
    text = junit("pkgci.install", [Case(name, Status.FAILED, name, name)])
    assert len(ElementTree.fromstring(text.encode("utf-8"))) == 1


@pytest.mark.parametrize("name", STRANGE)
def test_what_a_program_says_of_a_strange_name_is_one_line_without_controls(name: str) -> None:
    file = io.BytesIO()
    Log(file, "pkgci-install-test").say(f"left behind: {name}")
    said = file.getvalue().decode("utf-8")
    assert said.startswith("pkgci-install-test: left behind: ") and said.endswith("\n")
    assert not set(said) & set((CONTROLS + TURNING).replace("\n", "").replace("\t", ""))


def test_a_name_with_a_newline_forges_no_line_of_a_log() -> None:
    file = io.BytesIO()
    Log(file, "pkgci-build").say("no such file: a\npkgci-build: passed: all is well")
    assert file.getvalue() == b"pkgci-build: no such file: a\n  pkgci-build: passed: all is well\n"


def test_what_is_no_stranger_than_people_write_stays_as_it_is() -> None:
    words = "Grüße, 日本語, emoji \N{GRINNING FACE}\tand a tab"
    assert in_line(words) == words and json.loads(json_text({"reason": words})) == {"reason": words}

"""The script of the pages, in node: what strangers' programs print keeps no reader's browser busy, and is text."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.logs.conftest import LIBRARY

WEB = LIBRARY / "web"
# What a terminal or a line of text takes for more than a character (C0 without tab and newline, DEL, C1, directions).
UNFIT = {
    *(set(range(0x20)) - {0x09, 0x0A}),
    *range(0x7F, 0xA0),
    *(0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What pages.js saw."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    folder = tmp_path_factory.mktemp("web")
    for file in (*WEB.glob("*.js"), Path(__file__).with_name("pages.js")):
        shutil.copy(file, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    done = subprocess.run([node, "pages.js"], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_no_line_of_160_kb_takes_long_whatever_it_repeats(seen: dict[str, Any]) -> None:
    # One that grows with the square takes half a minute.
    assert seen["slowest"]["milliseconds"] < 2000, seen["slowest"]


def test_a_line_without_an_end_and_half_a_million_lines_take_as_long_as_they_are(seen: dict[str, Any]) -> None:
    assert seen["endless"] < 10_000 and seen["many"] < 10_000


def test_a_line_is_shown_as_a_terminal_would_leave_it(seen: dict[str, Any]) -> None:
    assert seen["cleaned"] == ["b", "", "", "done", "red", "y", "tab\tkept"]


def test_errors_are_found_as_before(seen: dict[str, Any]) -> None:
    assert seen["errors"] == [True, True, True, False, False, False]


def test_no_control_and_no_turn_of_the_writing_direction_is_shown(seen: dict[str, Any]) -> None:
    assert {*range(0x3000), 0xFEFF} - set(seen["left"]) == UNFIT


def test_no_text_is_longer_than_a_page_bears(seen: dict[str, Any]) -> None:
    assert seen["long"] == 20_000

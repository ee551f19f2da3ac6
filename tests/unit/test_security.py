"""SECURITY.md names a test for each boundary, and every attack stands in it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> list[list[str]]:
    """The table's rows, each as its cells."""
    lines = [line for line in TEXT.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_every_boundary_is_attacked_by_a_test_that_there_is() -> None:
    for row in rows():
        assert len(row) == 4, row
        named = _NAMED.findall(row[3])
        assert named, f"nothing proves what stops {row[0]}"
        for file, name in named:
            assert (ROOT / file).is_file(), file
            assert re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE), f"{file} has no {name}"


def test_every_file_of_attacks_stands_in_the_table() -> None:
    named = {file for row in rows() for file, _ in _NAMED.findall(row[3])}
    files = (ROOT / "tests/lab/attacks").glob("test_*.py")
    assert {str(file.relative_to(ROOT)) for file in files} <= named


def test_the_readme_leads_to_it() -> None:
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text()

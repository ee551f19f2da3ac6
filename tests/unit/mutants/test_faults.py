"""The faults of ``make mutants`` are faults, and each is one."""

import ast
from pathlib import Path

import pytest

from tests.mutants.faults import mutants
from tests.mutants.rooms import ROOMS

SOURCE = '''
def most(values, low=True):
    """The docstring stays."""
    if not values or low == 1:
        raise ValueError
    for value in values:
        if value > 2:
            continue
        print(value + 1)
    return max(values)
'''


def test_each_mutant_has_one_fault_and_is_a_program() -> None:
    made = list(mutants("x.py", SOURCE))
    assert len({mutant.text for mutant in made}) == len(made)
    for mutant in made:
        ast.parse(mutant.text)
        assert "The docstring stays." in mutant.text


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("comparison turned round", "value <= 2"),
        ("and/or exchanged", "not values and low == 1"),
        ("not left out", "if values or low == 1"),
        ("condition never true", "if False:"),
        ("does not raise", "pass"),
        ("call left out", "pass"),
        ("plus/minus exchanged", "value - 1"),
        ("returns None", "return None"),
        ("truth turned round", "low=False"),
        ("break instead of continue", "break"),
    ],
)
def test_what_is_done_is_in_the_text(what: str, text: str) -> None:
    assert any(mutant.what == what and text in mutant.text for mutant in mutants("x.py", SOURCE))


def test_every_room_and_every_test_is_there() -> None:
    root = Path(__file__).parents[3]
    assert [place for room, tests in ROOMS.items() for place in (room, *tests) if not (root / place).exists()] == []

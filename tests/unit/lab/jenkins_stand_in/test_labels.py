"""Which nodes a job may run on."""

import pytest

from pkgci.lab.stand_ins.jenkins.program.builds.labels import atoms, matches


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ("slave_build", True),
        ("publisher", False),
        ("slave_build && big", True),
        ("slave_build && publisher", False),
        ("publisher || slave_build", True),
        ("!publisher", True),
        ("!(publisher || big) || slave_build", True),
        ('"slave_build"', True),
    ],
)
def test_a_label_expression_means_what_jenkins_means_by_it(expression: str, fits: bool) -> None:
    assert matches(expression, frozenset({"slave_build", "big", "build01"})) is fits


def test_the_labels_of_an_expression_are_its_words() -> None:
    assert atoms('a-b && (c || !"d e")') == {"a-b", "c", "d e"}

"""Names that people choose: what becomes of them is what jobs take, and no two are the same."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from pkgci_steps.inputs import PATTERNS
from zuul_py3 import names

STRANGE = (
    *("php 8", "php/8", "..", "../../etc", "a/../b", ".hidden", "-rf", "größe", "日本語", "a" * 1000, "a\nb", "$(id)"),
    *(
        "a;b",
        "a'b",
        'a"b',
        "a%2Fb",
        "a#b",
        "/",
        "//",
        "a/",
        "/a",
        "\udcff",
        "a\\b",
        "feature/#12",
        "a..b",
        " a",
        "group/x",
    ),
)


@pytest.mark.parametrize("name", STRANGE)
def test_whatever_a_name_is_a_job_takes_what_becomes_of_it(name: str) -> None:
    word = names.of_branch(name)
    assert re.fullmatch(PATTERNS["BRANCH"], word) and ".." not in word and len(word) <= 100
    assert re.fullmatch(PATTERNS["REF"], f"refs/zuul/{names.of_branch(name)}/Z0123456789abcdef")


@pytest.mark.parametrize("name", ["main", "debian/trixie", "php/8", "stable/2024.1", "1.x", "topic_x", "a+b~c@d=e,f"])
def test_a_name_that_jobs_take_stays_as_it_is(name: str) -> None:
    assert names.of_branch(name) == name


def test_two_names_have_two_words() -> None:
    assert len({names.of_branch(name) for name in STRANGE}) == len(STRANGE)
    assert names.of_branch("php 8") != names.of_branch("php-8") == "php-8"


@pytest.mark.parametrize(("branch", "named"), [("php/8", "php/8"), ("größe #1", names.of_branch("größe #1"))])
def test_a_job_is_told_the_word_for_its_branch_and_the_reference_that_the_merger_makes(branch: str, named: str) -> None:
    class Gearman:
        def updateBuildParams(self, job: Any, item: Any, params: dict[str, str]) -> None:  # noqa: N802 - Zuul's name
            # The layout's functions look into the merger's clone, by the branch's own name.
            assert params["ZUUL_BRANCH"] == branch

    names.name_branches_in_words(SimpleNamespace(Gearman=Gearman))
    change = SimpleNamespace(branch=branch, refspec="refs/changes/01/1/1")
    item = SimpleNamespace(change=change, current_build_set=SimpleNamespace(ref="Z1"))
    params = {"ZUUL_BRANCH": branch, "ZUUL_REF": f"refs/zuul/{branch}/Z1"}
    Gearman().updateBuildParams(None, item, params)
    assert params == {"ZUUL_BRANCH": named, "ZUUL_REF": f"refs/zuul/{named}/Z1"}

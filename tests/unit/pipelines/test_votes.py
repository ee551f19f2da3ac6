"""Zuul's own votes in the site's own layout files follow the declared ones."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from pkgci.errors import UsageError
from pkgci.model.load import load_site
from pkgci.pipelines.layout import Layout, render
from tests.unit.conftest import SITE

Own = Callable[[str, str], Layout]


@pytest.fixture
def own(write_site: Callable[[str], Path], tmp_path: Path) -> Own:
    """The layout of a site with these votes, and a pipeline of its own with these lines."""

    def make(votes: str, lines: str) -> Layout:
        (tmp_path / "own.yaml").write_text(
            "pipelines:\n  - name: own\n    manager: IndependentPipelineManager\n" + indent(dedent(lines), "    ")
        )
        text = SITE.replace("{host: review.example.org}", f"{{host: review.example.org{votes}}}")
        return render(load_site(write_site(text + "zuul: {layouts: [own.yaml]}\n")))

    return make


DECLARED = ", votes: {check: 1, gate: 1}"


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ("success: {gerrit: {Verified: 2}}\n", "4:34"),
        ("failure:\n  gerrit: [{Verified: -2}]\n", "5:27"),
        ("success: {gerrit: {verified: 2}}\n", "4:34"),
        ("success: {gerrit: {}}\nmerge-failure: {gerrit: {Verified: '-2'}}\n", "5:40"),
    ],
)
def test_a_larger_vote_than_declared_is_refused_where_it_stands(own: Own, lines: str, place: str) -> None:
    with pytest.raises(UsageError, match=rf"own.yaml:{place}: the vote Verified [+-]2 is larger") as refused:
        own(DECLARED, lines)
    assert "votes" in (refused.value.hint or "")


@pytest.mark.parametrize(
    "lines",
    [
        "require: {approval: [{username: zuul, Verified: 2}]}\n",
        "require: {approval: [{username: ^zuul$, Verified: [2, 3]}]}\n",
        "require: {approval: [{username: ^zuul$, VERIFIED: 2}]}\n",
        "trigger: {gerrit: [{event: comment-added, username: ^zuul$, approval: [{Verified: 2}]}]}\n",
        "trigger: {gerrit: {event: comment-added, require-approval: {username: zuul, Verified: -2}}}\n",
    ],
)
def test_a_vote_that_zuul_never_gives_is_not_waited_for(own: Own, lines: str) -> None:
    with pytest.raises(UsageError, match=r"own.yaml:4:\d+: Zuul never votes Verified"):
        own(DECLARED, lines)


@pytest.mark.parametrize(
    "lines",
    [
        "success: {gerrit: {Verified: 1, submit: true}}\n",
        "require: {approval: [{username: zuul, Verified: [1, 2]}]}\n",
        # People's, or another CI's.
        "require: {approval: [{username: jenkins, Verified: 2}, {Verified: 2}, {Code-Review: 2}]}\n",
        "trigger: {gerrit: [{event: comment-added, approval: [{Verified: 2}]}]}\n",
    ],
)
def test_what_may_come_is_left_alone(own: Own, lines: str) -> None:
    own(DECLARED, lines)


def test_without_declared_votes_nobody_knows_the_range(own: Own) -> None:
    own("", "success: {gerrit: {Verified: 4}}\n")

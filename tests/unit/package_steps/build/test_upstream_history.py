"""The version of what is built, by both repositories: upstream's and the packaging's."""

from __future__ import annotations

from pathlib import Path

import pytest
from pkgci_steps.build.upstream import history
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

from .upstream import Repository, with_upstream


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "upstream")
    made.commit()
    return made


@pytest.fixture
def packaging(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "source")
    made.commit()
    return made


def versions(step: Step) -> tuple[str, str]:
    state = history.read(with_upstream(step))
    return state.version.deb, state.revision


def test_commits_are_counted_from_the_highest_version_that_was_tagged_before(
    step: Step, upstream: Repository, packaging: Repository
) -> None:
    short = upstream.git("rev-parse", "--short=7", "HEAD")
    assert versions(step) == ("0+git1", f"0.1.g{short}")
    upstream.git("tag", "1.0.0")
    assert versions(step) == ("1.0.0", f"0.1.g{short}")
    upstream.git("tag", "nightly")
    upstream.commit()
    short = upstream.git("rev-parse", "--short=7", "HEAD")
    packaging.commit()
    assert versions(step) == ("1.0.0+git1", f"0.2.g{short}")
    upstream.git("checkout", "-q", "--detach")
    upstream.commit()
    upstream.git("tag", "2.0.0")
    upstream.git("checkout", "-q", "main")
    assert versions(step)[0] == "1.0.0+git1", "a tag of another branch does not count"


def test_a_tag_with_words_of_its_own_counts_as_one_without(
    step: Step, upstream: Repository, packaging: Repository
) -> None:
    upstream.git("tag", "-a", "-m", "the release", "greet-1.0.0")
    upstream.commit()
    assert versions(step)[0] == "1.0.0+git1"


@pytest.mark.parametrize("commits", [1, 3])
def test_a_change_counts_as_one_however_the_review_merges_it(
    step: Step, upstream: Repository, packaging: Repository, commits: int
) -> None:
    upstream.git("tag", "1.0.0")
    upstream.merge("by a merge", commits=commits)
    assert versions(step)[0] == "1.0.0+git1"
    upstream.commit("by a fast forward")
    assert versions(step)[0] == "1.0.0+git2"


def test_a_footer_of_any_commit_since_the_tag_says_what_the_next_version_is(
    step: Step, upstream: Repository, packaging: Repository
) -> None:
    upstream.commit("Before\n\nSem-Ver: api-break")
    upstream.git("tag", "1.0.0")
    upstream.merge("A flag\n\nSem-Ver: feature")
    upstream.commit()
    assert history.read(with_upstream(step)).version.python == "1.1.0.dev2"


def test_without_the_whole_history_there_is_no_version(
    step: Step, upstream: Repository, packaging: Repository, tmp_path: Path
) -> None:
    upstream.commit()
    upstream.git("clone", "-q", "--depth=1", f"file://{upstream.folder}", str(tmp_path / "shallow"))
    with pytest.raises(Ended, match=r"UPSTREAM=.* is a shallow clone") as raised:
        history.read(with_upstream(step, upstream=tmp_path / "shallow"))
    assert raised.value.status is Status.MISUSED


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"upstream": None}, "UPSTREAM is missing in the environment: the folder of a git tree of openstack/greet"),
        ({"upstream": Path("/nowhere")}, "UPSTREAM=/nowhere is no git tree with a commit"),
    ],
)
def test_a_build_by_hand_is_told_which_tree_it_needs(
    step: Step, packaging: Repository, inputs: dict[str, object], reason: str
) -> None:
    with pytest.raises(Ended, match=reason) as raised:
        history.read(with_upstream(step, **inputs))
    assert raised.value.status is Status.MISUSED

"""What the newest changes of a project say of its labels, votes and submits: that much the CI's account sees. Pure.

A vote that was given lies within its label's range, and who submitted a change had the right to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pkgci.review.words import Range

# What Gerrit calls the vote of whoever submits a change.
_SUBMIT = "SUBM"

NOTHING = Range(0, 0)


@dataclass(frozen=True)
class Vote:
    """A vote on a change."""

    label: str
    value: int
    user: str


@dataclass(frozen=True)
class Change:
    """A change: the labels that it has, and the votes on all its patch sets."""

    number: int
    branch: str
    labels: frozenset[str]
    votes: tuple[Vote, ...]


@dataclass(frozen=True)
class History:
    """The newest changes of a project, as the CI's account sees them."""

    changes: tuple[Change, ...] = ()

    @property
    def labels(self) -> frozenset[str]:
        """The labels that changes have; none where no change says."""
        return frozenset().union(*(change.labels for change in self.changes))

    def given(self, label: str, user: str | None = None) -> Range:
        """The lowest and the highest vote on ``label`` by ``user``, or by anybody."""
        return hull(
            vote.value
            for change in self.changes
            for vote in change.votes
            if vote.label == label and user in (None, vote.user)
        )

    def submitted(self, user: str) -> frozenset[str]:
        """The branches, by their full names, that ``user`` submitted changes to."""
        return frozenset(
            f"refs/heads/{change.branch.removeprefix('refs/heads/')}"
            for change in self.changes
            if any(vote.label == _SUBMIT and vote.user == user for vote in change.votes)
        )


def hull(values: Iterable[int]) -> Range:
    """The range of votes that has all of ``values``, and no vote."""
    known = (0, *values)
    return Range(min(known), max(known))


def history(told: Iterable[Mapping[str, Any]]) -> History:
    """From what Zuul's host tells of a project's changes (see ``on_host``)."""
    return History(tuple(_change(one) for one in {one["number"]: one for one in told}.values()))


def _change(told: Mapping[str, Any]) -> Change:
    votes = tuple(Vote(str(label), int(value), str(user)) for label, value, user in told["votes"])
    return Change(int(told["number"]), str(told["branch"]), frozenset(told["labels"]), votes)

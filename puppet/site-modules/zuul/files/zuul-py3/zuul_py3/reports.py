"""A report to Gerrit, as data: its steps, what became of it, and what is known of the votes that Gerrit takes. Pure."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from zuul_py3.records import Lack
from zuul_py3.upstream import Record, Votes

# What became of a report.
DELIVERED, MERGED, REFUSED, DROPPED = "delivered", "merged", "refused", "dropped"


class Step:
    """One command to Gerrit: a message, votes (label → amount), whether to submit, and other options that it takes.

    ``since`` is when it was first tried, ``given`` the votes as they were given last, and ``said`` whether it is known
    to have arrived, but for the submit. ``faulty_since`` is when Gerrit first had a fault of its own with it.
    """

    def __init__(
        self,
        message: str,
        votes: Mapping[str, int] | None = None,
        submit: bool = False,
        options: Iterable[str] = (),
        since: float | None = None,
        said: bool = False,
        given: Mapping[str, int] | None = None,
    ) -> None:
        self.message = message
        self.votes = dict(votes or {})
        self.submit = submit
        self.options = tuple(options)
        self.since = since
        self.said = said
        self.given = dict(self.votes if given is None else given)
        self.faulty_since: float | None = None


class About(Protocol):
    """Whether a report is still wanted, and, where it may submit the change, on what that depends."""

    def wanted(self) -> bool: ...
    def lacks(self, record: Record) -> list[Lack]: ...
    def before_submit(self) -> None: ...
    def not_submitted(self, lacks: list[Lack], message: str) -> str: ...
    def regained(self) -> Votes: ...
    def failed(self) -> Votes: ...


class Always:
    """Where nothing is submitted: a report that is always wanted."""

    def wanted(self) -> bool:
        return True


class Report:
    """What is to be told to Gerrit about a change. ``about`` says whether it still is, and on what a submit depends."""

    def __init__(
        self,
        project: str,
        branch: str,
        number: str | int,
        patch_set: str | int,
        steps: Iterable[Step],
        about: About | None = None,
    ) -> None:
        self.project = project
        self.branch = branch
        self.number = str(number)
        self.patch_set = str(patch_set)
        self.steps = list(steps)
        self.about = about or Always()
        self.outcome: str | None = None
        self.finished = False
        # Whether the change has been told of a vote that was dropped.
        self.complained = False

    @property
    def kept(self) -> bool:
        """Whether it is kept in a file: nothing in Zuul's queues stands for it."""
        return isinstance(self.about, Always)

    @property
    def queued(self) -> About:
        """On what a submit depends: only what stands for an item in a queue is submitted."""
        if isinstance(self.about, Always):
            raise TypeError(f"the {self} submits nothing")
        return self.about

    def __str__(self) -> str:
        return f"report on {self.number},{self.patch_set} of {self.project}"


class Amounts:
    """What is known of the votes that Gerrit takes. ``lowers``: what it drops is given again, smaller."""

    def __init__(self, lowers: bool) -> None:
        self._lowers = lowers
        # (project, label in small letters) → the largest amount that arrived, where a larger one did not.
        self._largest: dict[tuple[str, str], int] = {}

    def capped(self, project: str, votes: Mapping[str, int]) -> Votes:
        """``votes`` as this project takes them."""
        return {label: _capped(amount, self._largest.get((project, label.lower()))) for label, amount in votes.items()}

    def lowered(self, missing: Mapping[str, int]) -> Votes:
        """The next smaller amounts in place of ``missing``; none where nothing smaller is left, or wanted."""
        smaller = {label: amount - (1 if amount > 0 else -1) for label, amount in missing.items()}
        return {label: amount for label, amount in smaller.items() if amount} if self._lowers else {}

    def learn(self, project: str, label: str, amount: int) -> None:
        self._largest[project, label.lower()] = abs(amount)

    def forget(self, project: str, labels: Iterable[str]) -> None:
        for label in labels:
            self._largest.pop((project, label.lower()), None)


def _capped(amount: int, largest: int | None) -> int:
    if largest is None or abs(amount) <= largest:
        return amount
    return largest if amount > 0 else -largest

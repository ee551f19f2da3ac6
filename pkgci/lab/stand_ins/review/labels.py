"""The labels: their ranges, who may vote what, and what Gerrit's submit records say of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pkgci.lab.stand_ins.review.model import Account, Approval, Change, Kind, PatchSet, RefusedError

# How Gerrit writes into a patch set's approvals that it was submitted, and by whom.
SUBMITTED = "SUBM"


@dataclass(frozen=True)
class Label:
    """A label. ``ci_only`` ones are Zuul's; without a ``needed`` highest vote there is no submit record that is OK.

    ``kept`` is the condition under which votes stay when a new patch set comes, as Gerrit writes it.
    """

    name: str
    lowest: int
    highest: int
    ci_only: bool = False
    needed: bool = False
    kept: str = ""

    def keeps(self, value: int, kind: Kind) -> bool:
        """Whether a vote stays on a new patch set of this kind."""
        same = kind in (Kind.NO_CHANGE, Kind.TRIVIAL_REBASE)
        return bool(self.kept) and (same or value == self.lowest)


def labels_with(verified: int) -> dict[str, Label]:
    """The labels of a project whose Verified goes from −``verified`` to +``verified``."""
    kept = "changekind:NO_CHANGE OR changekind:TRIVIAL_REBASE OR is:MIN"
    labels = (
        Label("Verified", -verified, verified, ci_only=True),
        Label("Code-Review", -2, 2, needed=True, kept=kept),
        Label("Workflow", -1, 1),
    )
    return {label.name: label for label in labels}


LABEL_NAMES = tuple(labels_with(2))

_VOTE = re.compile(r"([A-Za-z0-9-]+)=([+-]?\d+)")


def parse_vote(text: str) -> tuple[str, int]:
    """The label and value of ``LABEL=VALUE``. Raises ``RefusedError``."""
    match = _VOTE.fullmatch(text)
    if match is None:
        raise RefusedError(f'"{text}" is not a valid value for "--label": LABEL=VALUE, as in Code-Review=+2')
    return match[1], int(match[2])


def permitted_votes(
    votes: Mapping[str, int], labels: Mapping[str, Label], by_ci: bool, strict: bool = False
) -> dict[str, int]:
    """The votes that count. As in Gerrit, a label that the project lacks and a value out of range are dropped silently,
    unless ``strict``. Raises ``RefusedError`` for a vote in range that the voter has no right to."""
    counted = {}
    for name, value in votes.items():
        label = labels.get(name)
        if label is None or (value and not label.lowest <= value <= label.highest):
            if strict:
                why = "is not a configured label" if label is None else f": {value} is not a valid value"
                raise RefusedError(f'label "{name}"{why if why.startswith(":") else " " + why}')
            continue
        if value and label.ci_only != by_ci:
            raise RefusedError(f'Applying label "{name}": {value} is restricted')
        counted[name] = value
    return counted


def with_votes(patch_set: PatchSet, votes: Mapping[str, int], voter: Account, now: int) -> PatchSet:
    """``patch_set`` with the votes of ``voter`` in place of his earlier ones on the same labels; 0 takes one back."""
    kept = [a for a in patch_set.approvals if a.by.username != voter.username or a.label not in votes]
    cast = [Approval(name, value, voter, now) for name, value in votes.items() if value]
    return replace(patch_set, approvals=(*kept, *cast))


def votes_of(patch_set: PatchSet, username: str) -> dict[str, int]:
    """The votes of an account: label → value."""
    return {a.label: a.value for a in patch_set.approvals if a.by.username == username and a.label != SUBMITTED}


def written(label: str, value: int) -> str:
    """A vote as messages have it: ``Verified+2``, and ``-Verified`` for one that is taken back."""
    return f"{label}{value:+}" if value else f"-{label}"


@dataclass(frozen=True)
class LabelState:
    """What a submit record says of a label: OK, NEED, REJECT or MAY, and whose vote decided it."""

    status: str
    by: Account | None = None


def label_states(change: Change, labels: Mapping[str, Label]) -> dict[str, LabelState]:
    """Label → its state, by name."""
    return {name: _state(change, labels[name]) for name in sorted(labels)}


def _state(change: Change, label: Label) -> LabelState:
    votes = [a for a in change.current.approvals if a.label == label.name]
    if not label.needed:
        return LabelState("MAY", votes[-1].by if votes else None)
    for value, status in ((label.lowest, "REJECT"), (label.highest, "OK")):
        for approval in votes:
            if approval.value == value:
                return LabelState(status, approval.by)
    return LabelState("NEED")

"""The labels: who may vote what, how votes are counted, and what a change still needs before it can be submitted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pkgci.lab.stand_ins.review.model import Account, Approval, Change, PatchSet, RefusedError, Status


@dataclass(frozen=True)
class Label:
    """A label. Its highest vote is needed to submit, its lowest one is a veto; ``ci_only`` ones are Zuul's."""

    name: str
    lowest: int
    highest: int
    ci_only: bool = False


LABELS: dict[str, Label] = {
    label.name: label
    for label in (Label("Verified", -2, 2, ci_only=True), Label("Code-Review", -2, 2), Label("Workflow", -1, 1))
}

_VOTE = re.compile(r"([A-Za-z0-9-]+)=([+-]?\d+)")


def parse_vote(text: str) -> tuple[str, int]:
    """The label and value of ``LABEL=VALUE``. Raises ``RefusedError``."""
    match = _VOTE.fullmatch(text)
    if match is None:
        raise RefusedError(f"'{text}' is no vote: LABEL=VALUE is, as in Code-Review=+2")
    return match[1], int(match[2])


def check_votes(votes: Mapping[str, int], voter: str, ci_account: str) -> None:
    """Raises ``RefusedError`` where the account ``voter`` may not vote this; ``ci_account`` is Zuul's."""
    for name, value in votes.items():
        label = LABELS.get(name)
        if label is None:
            raise RefusedError(f'label "{name}" is not a configured label (there are {", ".join(LABELS)})')
        if not label.lowest <= value <= label.highest:
            raise RefusedError(f'label "{name}": {value} is not a valid value ({label.lowest} to +{label.highest})')
        if value and label.ci_only != (voter == ci_account):
            who = f"only {ci_account} may vote it" if label.ci_only else f"{ci_account} votes on what it has tested"
            raise RefusedError(f'applying label "{name}": {value:+} is restricted: {who}')


def with_votes(patch_set: PatchSet, votes: Mapping[str, int], voter: Account, now: int) -> PatchSet:
    """``patch_set`` with the votes of ``voter`` in place of his earlier ones on the same labels; 0 takes one back."""
    kept = [a for a in patch_set.approvals if a.by.username != voter.username or a.label not in votes]
    cast = [Approval(name, value, voter, now) for name, value in votes.items() if value]
    return replace(patch_set, approvals=(*kept, *cast))


def votes_of(patch_set: PatchSet, username: str) -> dict[str, int]:
    """The votes of an account: label → value."""
    return {a.label: a.value for a in patch_set.approvals if a.by.username == username}


def label_states(change: Change) -> dict[str, str]:
    """Label → OK, NEED or REJECT, as Gerrit's submit records say."""
    states = {}
    for label in LABELS.values():
        values = [a.value for a in change.current.approvals if a.label == label.name]
        states[label.name] = "REJECT" if label.lowest in values else "OK" if label.highest in values else "NEED"
    return states


def obstacles(change: Change) -> list[str]:
    """What keeps ``change`` from being submitted, as far as its labels and its status say."""
    if change.status is not Status.NEW:
        return [f"it is {change.status.lower()} already"]
    words = {"NEED": "it needs {name} {highest}", "REJECT": "it is vetoed by {name} {lowest}"}
    return [
        words[state].format(name=name, highest=f"{LABELS[name].highest:+}", lowest=LABELS[name].lowest)
        for name, state in label_states(change).items()
        if state != "OK"
    ]


def granted_by(change: Change, name: str) -> Account | None:
    """Who gave or vetoed the label ``name``: the account of its decisive vote."""
    decisive = (LABELS[name].lowest, LABELS[name].highest)
    for value in decisive:
        for approval in change.current.approvals:
            if approval.label == name and approval.value == value:
                return approval.by
    return None

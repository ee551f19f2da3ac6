"""What `gerrit query` tells of a change: its votes, its comments, and what keeps it from being merged. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from zuul_py3.upstream import Clause, Filter, Record, Votes

# Seconds by which the clocks of Gerrit and of Zuul may differ.
SKEW = 300


def is_merged(record: Record | None) -> bool:
    return record is not None and record.get("status") == "MERGED"


def own_votes(record: Record | None, patch_set: str, user: str) -> Votes | None:
    """Label → vote of ``user`` on the patch set; None where the record does not tell: it may have any."""
    if not record:
        return None
    current = record.get("currentPatchSet") or {}
    for found in (current, *record.get("patchSets", ())):
        if str(found.get("number")) == str(patch_set):
            if found is not current and "approvals" not in found:
                return None
            votes = (vote for vote in found.get("approvals", ()) if _by(vote, "by", user))
            return {vote["type"]: int(vote["value"]) for vote in votes}
    return None


def own_comments(record: Record | None, user: str) -> list[tuple[int, str]]:
    """The comments of ``user``, oldest first, as (seconds since 1970, text)."""
    return [
        (int(comment.get("timestamp", 0)), comment.get("message", ""))
        for comment in (record or {}).get("comments", ())
        if _by(comment, "reviewer", user)
    ]


def has_said(record: Record | None, user: str, patch_set: str, message: str, since: float) -> bool:
    """Whether ``user`` has written ``message`` about the patch set since then. Gerrit puts a line before it."""
    wanted = _words(message)
    return any(
        when >= since - SKEW and text.startswith(f"Patch Set {patch_set}:") and _words(text).endswith(wanted)
        for when, text in own_comments(record, user)
    )


def _words(text: str) -> str:
    return " ".join(text.split())


def _by(found: Record, role: str, user: str) -> bool:
    return (found.get(role) or {}).get("username") == user


class Lack:
    """Something that keeps a change from being merged: ``what``, and ``until`` when, both parts of a sentence."""

    def __init__(self, what: str, until: str) -> None:
        self.what = what
        self.until = until


def told(lacks: Sequence[Lack]) -> tuple[str, str]:
    """What lacks, and until when, each as one part of a sentence."""
    return "; ".join(lack.what for lack in lacks), " and ".join(dict.fromkeys(lack.until for lack in lacks))


def obstacles(record: Record | None, ours: Collection[str], user: str) -> list[Lack]:
    """What keeps the change from being submitted, as far as Gerrit tells; ``ours`` are the labels of ``user``, Zuul."""
    if not record or "submitRecords" not in record:
        return [Lack("Gerrit does not tell whether it can be submitted", "Gerrit tells it")]
    found, made_good = [], {label.lower() for label in ours} - _rejected_by_others(record, user)
    if record.get("wip"):
        found.append(Lack("it is marked work in progress", "it is marked ready for review"))
    for rule in record["submitRecords"]:
        if rule.get("status") == "NOT_READY":
            found += _of_labels(rule.get("labels", ()), ours, made_good)
            found += [_of_requirement(one) for one in rule.get("requirements", ())]
        elif rule.get("status") == "CLOSED":
            found.append(Lack("it is closed", "it is open"))
        elif rule.get("status") not in ("OK", "FORCED"):
            found.append(Lack("Gerrit's submit rules fail on it", "Gerrit's administrators have mended them"))
    return found


def _rejected_by_others(record: Record, user: str) -> set[str]:
    """The labels, in small letters, on which others than ``user`` have a negative vote."""
    votes = (record.get("currentPatchSet") or {}).get("approvals", ())
    negative = (vote for vote in votes if int(vote["value"]) < 0 and not _by(vote, "by", user))
    return {str(vote.get(key)).lower() for vote in negative for key in ("type", "description")}


def _of_labels(labels: Iterable[Record], ours: Collection[str], made_good: Collection[str]) -> Iterator[Lack]:
    ours = {label.lower() for label in ours}
    for label in labels:
        name, status = label.get("label", ""), label.get("status")
        # What lacks of ours comes with our next vote, which makes a rejection of ours good, too.
        comes = (status == "NEED" and name.lower() in ours) or (status == "REJECT" and name.lower() in made_good)
        if status in ("OK", "MAY") or comes:
            continue
        if status == "REJECT":
            yield Lack(f"{name} has a veto", f"the veto on {name} is withdrawn")
        elif status == "NEED":
            yield Lack(f"it needs a vote on {name}", f"it has the vote on {name}")
        else:
            yield Lack(f"nobody may give the vote on {name} that it needs", f"it has the vote on {name}")


def _of_requirement(requirement: Record) -> Lack:
    text = requirement.get("fallbackText") or requirement.get("fallback_text") or requirement.get("type")
    return Lack(f"it does not meet the requirement '{text}'", "it meets it")


def unmet(filters: Iterable[Filter], record: Record, patch_set: str, user: str, ours: Collection[str]) -> list[Lack]:
    """What a pipeline's requirements (``filters``, of Zuul's model) lack in the change as it is now.

    What they require of Zuul's own votes brought the change to the pipeline, and Zuul has voted since: it is left out.
    """
    current = record.get("currentPatchSet") or {}
    votes = [vote for vote in current.get("approvals", ()) if not _by(vote, "by", user)]
    found = []
    for one in filters:
        if one.open is not None and one.open != record.get("open"):
            found.append(Lack("it is closed" if one.open else "it is open", "that has changed"))
        if one.current_patchset and str(current.get("number")) != str(patch_set):
            found.append(Lack("there is a newer patch set", "that one is approved"))
        if one.statuses and record.get("status") not in one.statuses:
            found.append(Lack(f"its status is {record.get('status')}", f"it is {' or '.join(one.statuses)}"))
        for clause in one.required_approvals:
            if not asks_for_own(clause, user, ours) and not _any(one, clause, votes):
                said = described(clause)
                found.append(Lack(f"it has no {said} any more", f"it has {said}"))
    return found + vetoes(filters, record, user)


def vetoes(filters: Iterable[Filter], record: Record | None, user: str) -> list[Lack]:
    """The votes on the change, but for Zuul's own, that a pipeline's requirements reject."""
    current = (record or {}).get("currentPatchSet") or {}
    votes = [vote for vote in current.get("approvals", ()) if not _by(vote, "by", user)]
    found = []
    for one in filters:
        for clause in one.reject_approvals:
            if _any(one, clause, votes):
                said = described(clause)
                found.append(Lack(f"it has {said}", f"{said} is withdrawn"))
    return found


def _any(one: Filter, clause: Clause, votes: Iterable[Record]) -> bool:
    return any(one._match_approval_required_approval(clause, vote) for vote in votes)


_OTHERS = ("username", "email", "newer-than", "older-than")


def asks_for_own(clause: Clause, user: str, ours: Collection[str]) -> bool:
    """Whether a clause is about Zuul's own votes: it names its account, or a label that the pipeline votes on."""
    who = clause.get("username")
    if who is not None:
        return re.search(who, user) is not None
    labels = [key.lower() for key in clause if key not in _OTHERS]
    return "email" not in clause and any(label.lower() in labels for label in ours)


def described(clause: Clause) -> str:
    """A clause of a requirement, in words, as in `Code-Review +2`."""
    votes = []
    for key, value in clause.items():
        if key not in _OTHERS:
            values = value if isinstance(value, list) else [value]
            votes.append(f"{key} {' or '.join(f'{int(one):+d}' for one in values)}")
    who = clause.get("username") or clause.get("email")
    return (", ".join(votes) or "vote") + (f" of {getattr(who, 'pattern', who)}" if who is not None else "")


def regained(filters: Iterable[Filter], user: str, ours: Collection[str]) -> Votes:
    """The smallest votes of Zuul's own that a pipeline requires: label → amount, for what it has just tested."""
    votes, labels = {}, {label.lower() for label in ours}
    for one in filters:
        for clause in one.required_approvals:
            for key, value in clause.items() if asks_for_own(clause, user, ours) else ():
                amounts = (
                    [int(v) for v in (value if isinstance(value, list) else [value])] if key.lower() in labels else []
                )
                if any(amount > 0 for amount in amounts):
                    votes[key] = min(amount for amount in amounts if amount > 0)
    return votes

"""The JSON that Gerrit's REST API gives to somebody without a login: version, projects, changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pkgci.lab.stand_ins.review.commands import VERSION
from pkgci.lab.stand_ins.review.ledger import OWN_PROJECTS
from pkgci.lab.stand_ins.review.model import Account, Change, meta_ref_of
from pkgci.lab.stand_ins.review.records import as_json
from pkgci.lab.stand_ins.review.review import Review

# What Gerrit puts before JSON, so that no other site's script can read it.
_PREFIX = ")]}'\n"


def body(answer: object) -> bytes:
    """``answer`` as Gerrit sends it."""
    return f"{_PREFIX}{as_json(answer)}\n".encode()


def version() -> str:
    return VERSION


def projects(review: Review) -> dict[str, Any]:
    """Every project that anybody may read."""
    readable = [name for name in review.projects() if review.policy(name).anonymous_read]
    names = (*OWN_PROJECTS, *readable) if review.policy("").anonymous_read else readable
    return {name: {"id": _quoted(name), "state": "ACTIVE"} for name in names}


def change_info(review: Review, change: Change, *, detailed: bool) -> dict[str, Any]:
    """A change; ``detailed``, with its labels, reviewers and messages."""
    project, current = _quoted(change.project), change.current
    kept = review.repository(change.project).resolve(meta_ref_of(change.number))
    info: dict[str, Any] = {
        "id": f"{project}~{change.number}",
        "triplet_id": f"{project}~{change.branch}~{change.id}",
        "project": change.project,
        "branch": change.branch,
        **({"topic": change.topic} if change.topic else {}),
        "hashtags": [],
        "change_id": change.id,
        "subject": current.subject,
        "status": change.status,
        "created": _moment(change.created),
        "updated": _moment(change.updated),
        "insertions": sum(file.inserted for file in current.files[1:]),
        "deletions": sum(file.deleted for file in current.files[1:]),
        "total_comment_count": 0,
        "unresolved_comment_count": 0,
        "has_review_started": not change.wip,
        "meta_rev_id": kept,
        "_number": change.number,
        "owner": _account(change.owner, detailed),
        **({"work_in_progress": True} if change.wip else {}),
        **({"is_private": True} if change.private else {}),
        "requirements": [],
        "current_revision_number": current.number,
    }
    return info | _details(review, change) if detailed else info


def _details(review: Review, change: Change) -> dict[str, Any]:
    labels = review.policy(change.project).labels
    votes = {
        name: {
            "all": [
                {"value": a.value, "date": _moment(a.granted), **_account(a.by, True)}
                for a in change.current.approvals
                if a.label == name
            ],
            "values": {_value(number): "" for number in range(label.lowest, label.highest + 1)},
            "default_value": 0,
        }
        for name, label in labels.items()
    }
    messages = [
        {
            "id": f"{number:040x}",
            "author": _account(message.author, True),
            "date": _moment(message.written),
            "message": message.text,
        }
        for number, message in enumerate(change.messages, 1)
    ]
    return {"labels": votes, "messages": messages}


def _account(who: Account, named: bool) -> dict[str, Any]:
    """An account: its number, which the stand-in makes of its name, and in details the name."""
    number = 1_000_000 + sum(ord(letter) * 31**place for place, letter in enumerate(who.username)) % 1_000_000
    known = {"name": who.name, "email": who.email, "username": who.username} if named else {}
    return {"_account_id": number, **known}


def _value(number: int) -> str:
    return f"{number:+}" if number else " 0"


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.000000000")


def _quoted(name: str) -> str:
    return name.replace("/", "%2F")

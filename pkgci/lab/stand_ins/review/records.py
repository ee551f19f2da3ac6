"""The JSON that Gerrit writes about changes: in ``gerrit query`` and inside its events. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pkgci.lab.stand_ins.review.labels import granted_by, label_states
from pkgci.lab.stand_ins.review.model import (
    COMMIT_MESSAGE,
    Account,
    Approval,
    Change,
    File,
    Message,
    PatchSet,
    Status,
    ref_of,
)

Json = dict[str, Any]


def account(who: Account) -> Json:
    return {"name": who.name, "email": who.email, "username": who.username}


def change_url(base: str, change: Change) -> str:
    """The address of a change's page."""
    return f"{base}/c/{change.project}/+/{change.number}"


def brief(change: Change, base: str) -> Json:
    """A change as events have it."""
    record: Json = {
        "project": change.project,
        "branch": change.branch,
        "id": change.id,
        "number": change.number,
        "subject": change.current.subject,
        "owner": account(change.owner),
        "url": change_url(base, change),
        "commitMessage": change.current.message,
        "createdOn": change.created,
        "status": change.status,
    }
    return record | ({"topic": change.topic} if change.topic else {})


def patch_set(change: Change, item: PatchSet) -> Json:
    """A patch set as events have it."""
    return {
        "number": item.number,
        "revision": item.revision,
        "parents": list(item.parents),
        "ref": ref_of(change.number, item.number),
        "uploader": account(item.uploader),
        "createdOn": item.created,
        "author": account(item.author),
        "kind": "REWORK",
        "sizeInsertions": sum(file.inserted for file in item.files if file.path != COMMIT_MESSAGE),
        "sizeDeletions": -sum(file.deleted for file in item.files),
    }


def approval(item: Approval) -> Json:
    return {
        "type": item.label,
        "description": item.label,
        "value": str(item.value),
        "grantedOn": item.granted,
        "by": account(item.by),
    }


def file(item: File) -> Json:
    return {"file": item.path, "type": item.kind, "insertions": item.inserted, "deletions": -item.deleted}


def comment(item: Message) -> Json:
    return {"timestamp": item.written, "reviewer": account(item.author), "message": item.text}


def submit_record(change: Change) -> Json:
    """Whether a change can be submitted, label by label."""
    if change.status is not Status.NEW:
        return {"status": "CLOSED"}
    labels: list[Json] = []
    for name, state in label_states(change).items():
        by = granted_by(change, name) if state != "NEED" else None
        labels.append({"label": name, "status": state} | ({"by": account(by)} if by else {}))
    ready = all(label["status"] == "OK" for label in labels)
    return {"status": "OK" if ready else "NOT_READY", "labels": labels}


def depends_on(change: Change, changes: Iterable[Change]) -> list[Json]:
    """The changes that ``change`` stands on: those whose patch sets are its commit's parents."""
    found = []
    for other in changes:
        for item in other.patch_sets:
            if item.revision in change.current.parents and other.number != change.number:
                found.append(_related(other, item) | {"isCurrentPatchSet": item is other.current})
    return found


def needed_by(change: Change, changes: Iterable[Change]) -> list[Json]:
    """The open changes that stand on ``change``."""
    mine = {item.revision for item in change.patch_sets}
    return [
        _related(other, other.current)
        for other in changes
        if other.open and other.number != change.number and not mine.isdisjoint(other.current.parents)
    ]


def _related(change: Change, item: PatchSet) -> Json:
    return {
        "id": change.id,
        "number": change.number,
        "revision": item.revision,
        "ref": ref_of(change.number, item.number),
    }

"""The JSON that Gerrit writes about changes: in ``gerrit query`` and inside its events. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pkgci.lab.stand_ins.review.labels import SUBMITTED, Label, label_states
from pkgci.lab.stand_ins.review.model import (
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

# What Gerrit's JSON never has as it is, so that it can stand inside of HTML.
_ESCAPED = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&='"})


def as_json(record: object) -> str:
    """``record`` on one line, as Gerrit writes it."""
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPED)


def account(who: Account) -> Json:
    """An account; somebody who has none, as an author may, has no user name."""
    known = {"name": who.name, "email": who.email}
    return known | ({"username": who.username} if who.username else {})


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
    marks = {"topic": change.topic, "wip": change.wip, "private": change.private}
    return record | {name: value for name, value in marks.items() if value}


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
        "kind": item.kind,
        "sizeInsertions": sum(file.inserted for file in item.files),
        "sizeDeletions": sum(file.deleted for file in item.files),
    }


def approval(item: Approval) -> Json:
    description = {} if item.label == SUBMITTED else {"description": item.label}
    value = {"value": str(item.value), "grantedOn": item.granted, "by": account(item.by)}
    return {"type": item.label, **description, **value}


def file(item: File) -> Json:
    return {"file": item.path, "type": item.kind, "insertions": item.inserted, "deletions": -item.deleted}


def comment(item: Message) -> Json:
    return {"timestamp": item.written, "reviewer": account(item.author), "message": item.text}


def submit_record(change: Change, labels: Mapping[str, Label]) -> Json:
    """Whether a change can be submitted, label by label; submit requirements are not in it."""
    if change.status is Status.ABANDONED:
        return {"status": "CLOSED"}
    states = label_states(change, labels)
    ready = all(state.status in ("OK", "MAY") for state in states.values())
    listed = [
        {"label": name, "status": state.status} | ({"by": account(state.by)} if state.by else {})
        for name, state in states.items()
    ]
    return {"status": "OK" if ready else "NOT_READY", "labels": listed}


def depends_on(change: Change, changes: Iterable[Change]) -> list[Json]:
    """The changes that ``change`` stands on: those whose patch sets are its commit's parents."""
    found = []
    for other in changes:
        for item in other.patch_sets:
            if item.revision in change.current.parents and other.number != change.number:
                found.append(_related(other, item) | {"isCurrentPatchSet": item is other.current})
    return found


def needed_by(change: Change, changes: Iterable[Change]) -> list[Json]:
    """The patch sets that stand on the current one of ``change``, as far as they came while it was open."""
    mine = change.current
    return [
        _related(other, item)
        for other in changes
        for item in other.patch_sets
        if other.number != change.number and mine.revision in item.parents and mine.group == item.group
    ]


def _related(change: Change, item: PatchSet) -> Json:
    return {
        "id": change.id,
        "number": change.number,
        "revision": item.revision,
        "ref": ref_of(change.number, item.number),
    }

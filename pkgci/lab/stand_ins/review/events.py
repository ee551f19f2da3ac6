"""The events of ``gerrit stream-events``: one JSON object each. Pure functions of what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pkgci.lab.stand_ins.review import records
from pkgci.lab.stand_ins.review.model import Account, Change, PatchSet
from pkgci.lab.stand_ins.review.records import Json


def patchset_created(change: Change, base: str, now: int) -> Json:
    who = change.current.uploader
    return _about("patchset-created", change, change.current, base, now) | {"uploader": records.account(who)}


def approvals_told(labels: Iterable[str], before: Mapping[str, int], after: Mapping[str, int]) -> list[Json]:
    """All labels of the project with their values until now and from now on: what differs carries its old value."""
    told: list[Json] = []
    for label in labels:
        old, new = before.get(label, 0), after.get(label, 0)
        entry: Json = {"type": label, "description": label, "value": str(new)}
        told.append(entry | ({"oldValue": str(old)} if old != new else {}))
    return told


def comment_added(
    change: Change, item: PatchSet, approvals: list[Json] | None, author: Account, text: str, base: str, now: int
) -> Json:
    """A message or a vote. ``approvals`` is None where nobody voted on a change that is closed."""
    event = _about("comment-added", change, item, base, now) | {"author": records.account(author), "comment": text}
    return event if approvals is None else event | {"approvals": approvals}


def change_merged(change: Change, submitter: Account, base: str, now: int) -> Json:
    return _about("change-merged", change, change.current, base, now) | {
        "submitter": records.account(submitter),
        "newRev": change.merged_as,
    }


def change_abandoned(change: Change, who: Account, reason: str, base: str, now: int) -> Json:
    event = _about("change-abandoned", change, change.current, base, now)
    return event | {"abandoner": records.account(who), "reason": reason}


def change_restored(change: Change, who: Account, reason: str, base: str, now: int) -> Json:
    event = _about("change-restored", change, change.current, base, now)
    return event | {"restorer": records.account(who)} | ({"reason": reason} if reason else {})


def topic_changed(change: Change, who: Account, old: str, base: str, now: int) -> Json:
    event = _about("topic-changed", change, change.current, base, now)
    del event["patchSet"]
    return event | {"changer": records.account(who)} | ({"oldTopic": old} if old else {})


def mark_changed(kind: str, change: Change, who: Account, base: str, now: int) -> Json:
    """``wip-state-changed`` or ``private-state-changed``."""
    return _about(kind, change, change.current, base, now) | {"changer": records.account(who)}


def project_created(project: str, branch: str, now: int) -> Json:
    head = f"refs/heads/{branch}"
    return {"type": "project-created", "projectName": project, "headName": head, "eventCreatedOn": now}


def ref_updated(project: str, ref: str, old: str, new: str, submitter: Account, now: int) -> Json:
    return {
        "type": "ref-updated",
        "submitter": records.account(submitter),
        "refUpdate": {"oldRev": old, "newRev": new, "refName": ref, "project": project},
        "eventCreatedOn": now,
    }


def _about(kind: str, change: Change, item: PatchSet, base: str, now: int) -> Json:
    return {
        "type": kind,
        "change": records.brief(change, base),
        "patchSet": records.patch_set(change, item),
        "project": change.project,
        "refName": f"refs/heads/{change.branch}",
        "changeKey": {"id": change.id},
        "eventCreatedOn": now,
    }

"""The events of ``gerrit stream-events``: one JSON object each. Pure functions of what happened."""

from __future__ import annotations

from collections.abc import Mapping

from pkgci.lab.stand_ins.review import records
from pkgci.lab.stand_ins.review.labels import votes_of
from pkgci.lab.stand_ins.review.model import Account, Change, PatchSet
from pkgci.lab.stand_ins.review.records import Json


def patchset_created(change: Change, base: str, now: int) -> Json:
    who = change.current.uploader
    return _about("patchset-created", change, change.current, base, now) | {"uploader": records.account(who)}


def comment_added(
    change: Change, item: PatchSet, before: Mapping[str, int], author: Account, text: str, base: str, now: int
) -> Json:
    """A message or a vote. ``before`` are the author's votes until now: what differs carries its old value."""
    after = votes_of(item, author.username)
    approvals: list[Json] = []
    for label in dict.fromkeys((*after, *before)):
        old, new = before.get(label, 0), after.get(label, 0)
        entry: Json = {"type": label, "description": label, "value": str(new)}
        approvals.append(entry | ({"oldValue": str(old)} if old != new else {}))
    return _about("comment-added", change, item, base, now) | {
        "author": records.account(author),
        "approvals": approvals,
        "comment": text,
    }


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
    return event | {"restorer": records.account(who), "reason": reason}


def topic_changed(change: Change, who: Account, old: str, base: str, now: int) -> Json:
    event = _about("topic-changed", change, change.current, base, now)
    return event | {"changer": records.account(who), "oldTopic": old}


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
        "changeKey": {"key": change.id},
        "eventCreatedOn": now,
    }

"""What a push to ``refs/for/BRANCH`` makes: which commits become new changes, and which new patch sets. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pkgci.lab.stand_ins.review.commit_message import change_id
from pkgci.lab.stand_ins.review.git import Commit
from pkgci.lab.stand_ins.review.model import Account, Change, RefusedError, Status, UnfitError
from pkgci.lab.stand_ins.review.records import change_url
from pkgci.lab.stand_ins.review.remarks import foreign_committer, no_change_id
from pkgci.lab.stand_ins.review.settings import Settings

MAGIC = "refs/for/"
# Settings of a push that mean something to people who review, which nobody does here.
_WITHOUT_EFFECT = frozenset(
    {"r", "reviewer", "cc", "notify", "no-publish-comments", "publish-comments", "m", "message"}
)


# Settings that mark a change: what they set.
_MARKS: dict[str, tuple[str, bool]] = {
    "wip": ("wip", True),
    "work-in-progress": ("wip", True),
    "ready": ("wip", False),
    "private": ("private", True),
    "remove-private": ("private", False),
}


@dataclass(frozen=True)
class Target:
    """Where a push goes to: a branch, and what it sets on its changes; None leaves that as it is."""

    branch: str
    topic: str | None = None
    wip: bool | None = None
    private: bool | None = None


@dataclass(frozen=True)
class Step:
    """One commit of a push: a patch set of the change ``number``, or of a new one where that is None."""

    commit: Commit
    id: str
    number: int | None


def parse_target(ref: str, options: Iterable[str]) -> Target:
    """What ``refs/for/BRANCH%SETTING,…`` and the push's options say. Raises ``UnfitError``."""
    branch, _, settings = ref.removeprefix(MAGIC).partition("%")
    topic: str | None = None
    marks: dict[str, bool] = {}
    for setting in (*filter(None, settings.split(",")), *options):
        key, _, value = setting.partition("=")
        if key == "topic":
            topic = value
        elif key in _MARKS:
            name, marked = _MARKS[key]
            marks[name] = marked
        elif key not in _WITHOUT_EFFECT:
            raise UnfitError(f"a push with '{key}' (topic, {', '.join(_MARKS)} are what it knows)")
    return Target(branch.removeprefix("refs/heads/"), topic, marks.get("wip"), marks.get("private"))


def plan_push(
    commits: Iterable[Commit],
    target: Target,
    project: str,
    changes: Mapping[int, Change],
    settings: Settings,
    who: Account,
) -> list[Step]:
    """The steps that ``commits``, oldest first, make. All or none: raises ``RefusedError`` with what is wrong.

    A commit that is a patch set already is passed over, so that a chain can be pushed again from its middle.
    """
    known = {
        item.revision: change for change in changes.values() for item in change.patch_sets if _here(change, project)
    }
    ours = {c.id: c for c in changes.values() if _here(c, project) and c.branch == target.branch}
    steps: list[Step] = []
    for commit in commits:
        if commit.revision in known:
            earlier = known[commit.revision]
            if earlier.open and earlier.current.revision != commit.revision and earlier.branch == target.branch:
                raise RefusedError(f"commit {commit.revision[:7]} is an older patch set of change {earlier.number}")
            continue
        if commit.committer != who.email:
            raise foreign_committer(commit.revision, commit.committer, settings, who)
        try:
            identity = change_id(commit.message, commit.revision)
        except RefusedError as refusal:
            raise no_change_id(str(refusal), settings, who) from None
        if any(step.id == identity for step in steps):
            raise RefusedError("same Change-Id in multiple changes: squash the commits, or give each one its own")
        earlier_one = ours.get(identity)
        if earlier_one is not None and earlier_one.status is not Status.NEW:
            raise RefusedError(f"change {change_url(settings.web, earlier_one)} closed")
        steps.append(Step(commit, identity, earlier_one.number if earlier_one else None))
    if not steps:
        raise RefusedError("no new changes")
    return steps


def _here(change: Change, project: str) -> bool:
    return change.project == project

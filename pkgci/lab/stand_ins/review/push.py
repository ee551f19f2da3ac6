"""What a push to ``refs/for/BRANCH`` makes: which commits become new changes, and which new patch sets. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pkgci.lab.stand_ins.review.commit_message import change_id
from pkgci.lab.stand_ins.review.git import Commit
from pkgci.lab.stand_ins.review.model import Change, RefusedError, Status

MAGIC = "refs/for/"
# Settings of a push that mean something to people who review, which nobody does here.
_WITHOUT_EFFECT = frozenset(
    {"r", "reviewer", "cc", "notify", "no-publish-comments", "publish-comments", "m", "message"}
)


@dataclass(frozen=True)
class Target:
    """Where a push goes to: a branch, and the topic that it gives its changes."""

    branch: str
    topic: str | None = None


@dataclass(frozen=True)
class Step:
    """One commit of a push: a patch set of the change ``number``, or of a new one where that is None."""

    commit: Commit
    id: str
    number: int | None


def parse_target(ref: str, options: Iterable[str]) -> Target:
    """What ``refs/for/BRANCH%SETTING,…`` and the push's options say. Raises ``RefusedError``."""
    if not ref.startswith(MAGIC):
        raise RefusedError("prohibited by the review: push to refs/for/BRANCH")
    branch, _, settings = ref[len(MAGIC) :].partition("%")
    topic: str | None = None
    for setting in (*filter(None, settings.split(",")), *options):
        key, _, value = setting.partition("=")
        if key == "topic":
            topic = value
        elif key not in _WITHOUT_EFFECT:
            raise RefusedError(f"'{key}' is no setting that the stand-in knows (topic is)")
    return Target(branch.removeprefix("refs/heads/"), topic)


def plan_push(commits: Iterable[Commit], target: Target, project: str, changes: Mapping[int, Change]) -> list[Step]:
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
        identity = change_id(commit.message, commit.revision)
        if any(step.id == identity for step in steps):
            raise RefusedError("same Change-Id in multiple changes: squash the commits, or give each one its own")
        earlier_one = ours.get(identity)
        if earlier_one is not None and earlier_one.status is not Status.NEW:
            raise RefusedError(f"change {earlier_one.number} closed")
        steps.append(Step(commit, identity, earlier_one.number if earlier_one else None))
    if not steps:
        raise RefusedError("no new changes")
    return steps


def _here(change: Change, project: str) -> bool:
    return change.project == project

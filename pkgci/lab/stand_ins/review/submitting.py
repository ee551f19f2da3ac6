"""The submit: which changes go in together, what keeps them out, and the commits that the submit type makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pkgci.lab.stand_ins.review import events
from pkgci.lab.stand_ins.review.footers import with_footers
from pkgci.lab.stand_ins.review.git import ZERO, Repository
from pkgci.lab.stand_ins.review.kinds import kind_of
from pkgci.lab.stand_ins.review.labels import SUBMITTED
from pkgci.lab.stand_ins.review.ledger import Ledger
from pkgci.lab.stand_ins.review.model import Account, Approval, Change, PatchSet, RefusedError, Status, ref_of
from pkgci.lab.stand_ins.review.policy import SubmitType
from pkgci.lab.stand_ins.review.records import Json, change_url
from pkgci.lab.stand_ins.review.requirements import unmet

_REBASE = "Please rebase the change locally and upload the rebased commit for review."
_PATH_CONFLICT = f"Change could not be merged due to a path conflict.\n\n{_REBASE}"
_REBASE_CONFLICT = f"Change could not be merged due to a conflict.\n\n{_REBASE}"
_NOT_FAST_FORWARD = (
    "Project policy requires all submissions to be a fast-forward.\n\n"
    "Please rebase the change locally and upload again for review."
)
_REBASES = (SubmitType.REBASE_IF_NECESSARY, SubmitType.REBASE_ALWAYS)
_MERGED = "Change has been successfully merged"
_REBASED = "Change has been successfully rebased and submitted as"
_PICKED = "Change has been successfully cherry-picked as"


@dataclass(frozen=True)
class _Landing:
    """What becomes of one change: the branch's commit that has it, and what the review writes about it.

    With a merge commit, or a fast-forward, that is the branch's tip for all that went in together. ``anew`` says that
    the commit is one that the submit made of the change's own.
    """

    change: Change
    revision: str
    text: str = _MERGED
    anew: bool = False


def submit(ledger: Ledger, who: Account, change: Change, patch_set: PatchSet, now: int) -> None:
    """Merges ``change`` and the open changes that it stands on. Raises ``RefusedError``, having merged nothing."""
    policy, repository = ledger.policy(change.project), ledger.repository(change.project)
    if not policy.submit_right:
        raise RefusedError("submit not permitted")
    if not change.open:
        raise RefusedError(f"change is {change.status.lower()}")
    if patch_set.number != change.current.number:
        raise RefusedError(f"revision {patch_set.revision} is not current revision")
    branch = f"refs/heads/{change.branch}"
    tip = repository.resolve(branch)
    if tip is None:
        raise RefusedError(f'destination branch "{branch}" not found.')
    together = _together(ledger, repository, policy.submit_type, change)
    if problems := _problems(ledger, change, together):
        raise _failed(together, problems)
    landings = _land(repository, policy.submit_type, together, tip, who, ledger.base)
    repository.point(branch, landings[-1].revision, tip)
    moved = [events.ref_updated(change.project, branch, tip, landings[-1].revision, who, now)]
    for landing in landings:
        _close(ledger, repository, landing, who, now, moved)
        moved = []


def _failed(together: Sequence[Change], problems: Sequence[tuple[int, str]]) -> RefusedError:
    count = f"{len(together)} change{'s' if len(together) > 1 else ''}"
    lines = "\n".join(f"Change {number}: {text}" for number, text in problems)
    return RefusedError(f"Failed to submit {count} due to the following problems:\n{lines}")


def _together(ledger: Ledger, repository: Repository, kind: SubmitType, change: Change) -> list[Change]:
    """``change`` and what it stands on, that first. Raises ``RefusedError`` where that is no open change as it is."""
    if kind is SubmitType.CHERRY_PICK:
        return [change]
    own = [other for other in ledger.changes.values() if other.project == change.project]
    current = {other.current.revision: other for other in own if other.open and other.branch == change.branch}
    merged = {item.revision for other in own if other.status is Status.MERGED for item in other.patch_sets}
    together: list[Change] = []
    child = change.current.revision
    for revision in reversed(repository.missing_from(change.branch, change.current.revision)):
        if kind in _REBASES and revision in merged:
            # It went in as another commit, and the change is put on that.
            break
        if revision not in current:
            reason = f"Depends on change that was not submitted. {_why_missing(ledger, change, child, revision)}"
            raise _failed([change], [(change.number, reason)])
        together.append(current[revision])
        child = revision
    return together[::-1] or [change]


def _why_missing(ledger: Ledger, change: Change, child: str, missing: str) -> str:
    for other in ledger.changes.values():
        for item in other.patch_sets:
            if other.project != change.project or item.revision != missing:
                continue
            if item is other.current:
                return f"Commit {child} depends on commit {missing} of change {other.number} which cannot be merged."
            return (
                f"Commit {child} depends on commit {missing}, which is outdated patch set {item.number} of change "
                f"{other.number}. The latest patch set is {other.current.number}."
            )
    return (
        f"Commit {child} depends on commit {missing} which cannot be merged."
        " Is the change of this commit not visible or was it deleted?"
    )


def _problems(ledger: Ledger, change: Change, together: Sequence[Change]) -> list[tuple[int, str]]:
    """What keeps the changes out, in Gerrit's words: of each change the first thing."""
    found = []
    for item in together:
        policy = ledger.policy(item.project)
        names = unmet(item, policy.requirements, policy.labels)
        if item.wip:
            found.append((item.number, f"Change {item.number} is marked work in progress"))
        elif names:
            text = f"{item.number} is not ready: submit requirement '{names[0]}' is unsatisfied."
            with_it = f"Change {change.number} must be submitted with change {item.number} but {text}"
            found.append((item.number, f"Change {text}" if item.number == change.number else with_it))
    return found


def _land(
    repository: Repository, kind: SubmitType, together: Sequence[Change], tip: str, who: Account, base: str
) -> list[_Landing]:
    """Makes the commits that put ``together`` on top of ``tip``."""
    if kind in (*_REBASES, SubmitType.CHERRY_PICK):
        landings: list[_Landing] = []
        for item in together:
            landing = _picked(repository, kind, item, landings[-1].revision if landings else tip, who, base)
            landings.append(landing)
        return landings
    last = together[-1]
    revision = last.current.revision
    if repository.is_ancestor(revision, tip):
        return [_Landing(item, tip) for item in together]
    forward = repository.is_ancestor(tip, revision)
    if not forward and kind is SubmitType.FAST_FORWARD_ONLY:
        raise _failed(together, [(last.number, _NOT_FAST_FORWARD)])
    if not forward or kind is SubmitType.MERGE_ALWAYS:
        revision = _merge(repository, last, tip, who)
    return [_Landing(item, revision) for item in together]


def _merge(repository: Repository, change: Change, tip: str, who: Account) -> str:
    into = "" if change.branch == "master" else f" into {change.branch}"
    message = f'Merge "{change.current.subject}"{into}'
    try:
        return repository.merge(tip, change.current.revision, message, (who.name, who.email))
    except RefusedError:
        raise _failed([change], [(change.number, _PATH_CONFLICT)]) from None


def _picked(repository: Repository, kind: SubmitType, change: Change, tip: str, who: Account, base: str) -> _Landing:
    item = change.current
    if kind is SubmitType.REBASE_IF_NECESSARY and tip in item.parents:
        return _Landing(change, item.revision)
    if len(item.parents) > 1:
        return _Landing(change, _merge(repository, change, tip, who))
    message = item.message
    if kind is not SubmitType.REBASE_IF_NECESSARY:
        message = with_footers(message, change_url(base, change), item.approvals)
    try:
        new = repository.pick(item.revision, tip, message, (who.name, who.email))
    except RefusedError:
        text = _PATH_CONFLICT if kind is SubmitType.CHERRY_PICK else _REBASE_CONFLICT
        raise _failed([change], [(change.number, text)]) from None
    return _Landing(change, new, f"{_PICKED if kind is SubmitType.CHERRY_PICK else _REBASED} {new}", anew=True)


def _close(
    ledger: Ledger, repository: Repository, landing: _Landing, who: Account, now: int, moved: list[Json]
) -> None:
    """Writes down and tells that a change is merged: with a patch set of its own where it is another commit now."""
    change, refs = landing.change, list(moved)
    submitted = Approval(SUBMITTED, 1, who, now)
    item = replace(change.current, approvals=(*change.current.approvals, submitted))
    change = change.with_patch_set(item)
    if landing.anew:
        commit = repository.commit(landing.revision)
        kept = tuple(replace(approval, granted=now) for approval in item.approvals)
        new = PatchSet(
            number=item.number + 1,
            revision=commit.revision,
            parents=commit.parents,
            uploader=who,
            author=item.author,
            created=now,
            subject=commit.subject,
            message=commit.message,
            files=repository.files(commit.revision),
            approvals=kept,
            kind=kind_of(repository, item, commit),
            group=item.group,
        )
        ref = ref_of(change.number, new.number)
        repository.point(ref, new.revision)
        refs.insert(0, events.ref_updated(change.project, ref, ZERO, new.revision, who, now))
        change = change.with_patch_set(new)
    change = replace(change, status=Status.MERGED, merged_as=landing.revision)
    told = events.change_merged(change, who, ledger.base, now)
    ledger.keep(change, who, now, text=landing.text, refs=refs, told=[told])

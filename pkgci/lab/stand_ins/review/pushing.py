"""What a push does: it makes changes and patch sets of commits, or is refused as a whole."""

from __future__ import annotations

import time
from dataclasses import replace

from pkgci.lab.stand_ins.review import events
from pkgci.lab.stand_ins.review.git import ZERO, Commit, Repository
from pkgci.lab.stand_ins.review.kinds import kind_of
from pkgci.lab.stand_ins.review.labels import SUBMITTED, written
from pkgci.lab.stand_ins.review.ledger import Ledger
from pkgci.lab.stand_ins.review.model import Account, Approval, Change, Kind, PatchSet, RefusedError, ref_of
from pkgci.lab.stand_ins.review.push import MAGIC, Step, Target, parse_target, plan_push
from pkgci.lab.stand_ins.review.remarks import CommitRefusedError, Pushed, past_the_review

_KINDS = {
    Kind.TRIVIAL_REBASE: ": Patch Set {prior} was rebased.",
    Kind.NO_CHANGE: ": New patch set was added with same tree, parent, and commit message as Patch Set {prior}.",
    Kind.NO_CODE_CHANGE: ": Commit message was updated.",
}


def take_push(ledger: Ledger, who: Account, project: str, command: tuple[str, str, str], options: list[str]) -> Pushed:
    """Takes a push to one ref: (old, new, ref)."""
    old, new, ref = command
    if not ref.startswith(MAGIC):
        return _past_the_review(ledger, who, project, old, new, ref)
    try:
        target = parse_target(ref, options)
        repository = ledger.repository(project)
        if repository.resolve(f"refs/heads/{target.branch}") is None:
            raise RefusedError(f"branch {target.branch} not found")
        commits = [repository.commit(revision) for revision in repository.new_commits(new)]
        steps = plan_push(commits, target, project, ledger.changes, ledger.settings, who)
    except CommitRefusedError as refusal:
        return Pushed(ref, str(refusal), last=refusal.lines)
    except RefusedError as refusal:
        return Pushed(ref, str(refusal))
    done = [(_take(ledger, who, project, target, step, repository), step) for step in steps]
    created = tuple(change for change, step in done if step.number is None)
    updated = tuple(change for change, step in done if step.number is not None)
    return Pushed(ref, None, created=created, updated=updated)


def _past_the_review(ledger: Ledger, who: Account, project: str, old: str, new: str, ref: str) -> Pushed:
    """A push to a branch or a tag itself: taken with the right to it, where nothing is lost."""
    repository = ledger.repository(project)
    there = repository.resolve(ref)
    right = ledger.policy(project).push_right and ref.startswith(("refs/heads/", "refs/tags/"))
    if new == ZERO or not right:
        return past_the_review(ref, "delete" if new == ZERO else "update" if there or old != ZERO else "create", who)
    if there and (ref.startswith("refs/tags/") or not repository.is_ancestor(there, new)):
        return Pushed(ref, "non-fast-forward")
    repository.point(ref, new)
    ledger.tell(events.ref_updated(project, ref, old, new, who, int(time.time())))
    return Pushed(ref, None)


def _take(ledger: Ledger, who: Account, project: str, target: Target, step: Step, repository: Repository) -> Change:
    """Makes one commit a patch set."""
    now = int(time.time())
    earlier = ledger.changes.get(step.number) if step.number is not None else None
    patch_set = _patch_set(ledger, repository, project, step.commit, who, now)
    text = "Uploaded patch set 1."
    if earlier is None:
        number = max(ledger.changes, default=0) + 1
        change = Change(number, step.id, project, target.branch, who, now, now, (patch_set,))
    else:
        kind = kind_of(repository, earlier.current, step.commit)
        prior = earlier.current
        kept, votes = _votes_on(ledger, earlier, kind)
        patch_set = replace(patch_set, number=prior.number + 1, kind=kind, approvals=kept)
        said = _KINDS.get(kind, ".").format(prior=prior.number)
        text = f"Uploaded patch set {patch_set.number}{said}{votes}"
        change = earlier.with_patch_set(patch_set)
    change = replace(
        change,
        topic=change.topic if target.topic is None else target.topic,
        wip=change.wip if target.wip is None else target.wip,
        private=change.private if target.private is None else target.private,
    )
    ref = ref_of(change.number, patch_set.number)
    # The commit has its ref before anybody hears of it: Zuul fetches at once.
    repository.point(ref, patch_set.revision)
    moved = events.ref_updated(project, ref, ZERO, patch_set.revision, who, now)
    told = events.patchset_created(change, ledger.base, now)
    return ledger.keep(change, who, now, text=text, refs=[moved], told=[told])


def _patch_set(
    ledger: Ledger, repository: Repository, project: str, commit: Commit, who: Account, now: int
) -> PatchSet:
    name, email = commit.author
    own = ledger.settings.account(email.partition("@")[0])
    author = own if own.email == email else Account("", name, email)
    below = (
        item.group
        for change in ledger.changes.values()
        if change.open and change.project == project
        for item in change.patch_sets
        if item.revision in commit.parents
    )
    return PatchSet(
        number=1,
        revision=commit.revision,
        parents=commit.parents,
        uploader=who,
        author=author,
        created=now,
        subject=commit.subject,
        message=commit.message,
        files=repository.files(commit.revision),
        group=next(below, commit.revision),
    )


def _votes_on(ledger: Ledger, change: Change, kind: Kind) -> tuple[tuple[Approval, ...], str]:
    """The votes that a new patch set of this kind keeps, and what is written about those that it keeps and loses."""
    labels = ledger.policy(change.project).labels
    kept, copied, outdated = [], [], []
    for approval in change.current.approvals:
        label = labels.get(approval.label)
        if label is None or approval.label == SUBMITTED:
            continue
        condition = f' (copy condition: "{label.kept}")' if label.kept else ""
        line = f"* {written(approval.label, approval.value)}{condition}\n"
        if label.keeps(approval.value, kind):
            kept.append(approval)
            copied.append(line)
        else:
            outdated.append(line)
    told = (("Copied Votes", copied), ("Outdated Votes", outdated))
    return tuple(kept), "".join(f"\n\n{title}:\n{''.join(lines)}" for title, lines in told if lines)

"""What a person who pushes reads: how many changes were made, which ones, and why a commit was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pkgci.lab.stand_ins.review.model import Account, Change, RefusedError
from pkgci.lab.stand_ins.review.records import change_url
from pkgci.lab.stand_ins.review.settings import Settings

_LONGEST_SUBJECT = 80


class CommitRefusedError(RefusedError):
    """A push is refused for one commit: the reason in short, and what the person is told."""

    def __init__(self, reason: str, lines: Sequence[str]) -> None:
        super().__init__(reason)
        self.lines = tuple(lines)


@dataclass(frozen=True)
class Pushed:
    """What became of a push to one ref: ``refusal`` is None where it was taken. ``first`` and ``last`` are lines for
    the person, before and after the count of changes."""

    ref: str
    refusal: str | None
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    created: tuple[Change, ...] = ()
    updated: tuple[Change, ...] = ()


def report(pushed: Sequence[Pushed], base: str) -> str:
    """All that is said about a push, as it goes to the terminal."""
    counts = {
        "refs": len(pushed),
        "new": sum(len(item.created) for item in pushed),
        "updated": sum(len(item.updated) for item in pushed),
    }
    progress = f"Processing changes: {', '.join(f'{name}: {count}' for name, count in counts.items() if count)}"
    first = "".join(f"{line}\n" for item in pushed for line in item.first)
    last = "".join(f"{line}\n" for item in pushed for line in item.last)
    urls = [f"{_shown(change, base)} [NEW]\n" for item in pushed for change in item.created]
    urls += [f"{_shown(change, base)}\n" for item in pushed for change in item.updated]
    success = f"\nSUCCESS\n\n{''.join(urls)}\n" if urls else ""
    return f"{first}\r{progress}\r{progress}, done    \n{last}{success}"


def no_change_id(reason: str, settings: Settings, who: Account) -> CommitRefusedError:
    """The refusal of a commit without a good Change-Id: with the way to the hook that writes one."""
    hook = f"scp -p -P {settings.port} {who.username}@{settings.host}:hooks/commit-msg ${{gitdir}}/hooks/"
    fetched = f'f="$(git rev-parse --git-dir)/hooks/commit-msg"; curl -o "$f" {settings.web}/tools/hooks/commit-msg'
    return CommitRefusedError(
        reason,
        (
            f"ERROR: {reason}",
            "",
            "Hint: to automatically insert a Change-Id, install the hook:",
            f"  gitdir=$(git rev-parse --git-dir); {hook}",
            "(for OpenSSH >= 9.0 you need to add the flag '-O' to the scp command)",
            "or, for http(s):",
            f'  {fetched} ; chmod +x "$f"',
            "and then amend the commit:",
            "  git commit --amend --no-edit",
            "Finally, push your changes again",
            "",
        ),
    )


def foreign_committer(revision: str, email: str, settings: Settings, who: Account) -> CommitRefusedError:
    """The refusal of a commit whose committer is not the one who pushes it."""
    short = f"commit {revision[:7]}"
    return CommitRefusedError(
        f"{short}: invalid committer",
        (
            f"ERROR: {short}: email address {email} is not registered in your account, "
            "and you lack 'forge committer' permission.",
            "The following addresses are currently registered:",
            f"   {who.email}",
            "To register an email address, visit:",
            f"{settings.web}/settings#EmailAddresses",
            "",
            "",
        ),
    )


def past_the_review(ref: str, what: str, who: Account) -> Pushed:
    """The refusal of a push that goes to a branch itself, or to a tag; ``what`` is update, create or delete."""
    branch = ref.removeprefix("refs/heads/")
    told = [
        f"error: branch {ref}:",
        f"Push to refs/for/{branch} to create a review, or get 'Push' rights to update the branch.",
    ]
    if what != "update" or branch == ref:
        told = [f"error: reference {ref}:", f"Nobody may {what} it in pkgci's stand-in for Gerrit."]
    lines = (*told, f"User: {who.username}", "Contact an administrator to fix the permissions")
    return Pushed(ref, f"prohibited by Gerrit: not permitted: {what}", first=lines)


def _shown(change: Change, base: str) -> str:
    subject = change.current.subject
    if len(subject) > _LONGEST_SUBJECT:
        subject = f"{subject[: _LONGEST_SUBJECT - 3]}..."
    marks = (" [PRIVATE]" if change.private else "") + (" [WIP]" if change.wip else "")
    return f"  {change_url(base, change)} {subject}{marks}"

"""The review itself: who may do what to a change, and what is said about it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum

from pkgci.lab.stand_ins.review import events
from pkgci.lab.stand_ins.review.labels import permitted_votes, votes_of, with_votes, written
from pkgci.lab.stand_ins.review.ledger import Ledger
from pkgci.lab.stand_ins.review.model import Change, PatchSet, RefusedError, Status
from pkgci.lab.stand_ins.review.pushing import take_push
from pkgci.lab.stand_ins.review.remarks import Pushed
from pkgci.lab.stand_ins.review.requirements import unmet
from pkgci.lab.stand_ins.review.submitting import submit


class Mark(StrEnum):
    """What a change can be marked as, outside of a push."""

    WIP = "wip"
    READY = "ready"
    PRIVATE = "private"
    PUBLIC = "public"


class Review(Ledger):
    """A ledger with what people and Zuul do. One thing happens at a time; every method may be called from any thread,
    and raises ``RefusedError``, in Gerrit's words, for what cannot be done, having done nothing."""

    def push(
        self, username: str, project: str, commands: Iterable[tuple[str, str, str]], options: Iterable[str]
    ) -> list[Pushed]:
        """Takes a push: (old, new, ref) of each ref. The commits are in the repository already."""
        settings = list(options)
        with self.lock:
            return [take_push(self, self.settings.account(username), project, item, settings) for item in commands]

    def vote(
        self,
        username: str,
        change: Change,
        patch_set: PatchSet,
        votes: Mapping[str, int],
        text: str,
        *,
        strict: bool = False,
    ) -> None:
        """Writes a message about a patch set, with ``votes`` (label → value, 0 takes one back)."""
        with self.lock:
            change, author, now = self.change(change.number), self.settings.account(username), _now()
            patch_set = change.patch_set(patch_set.number)
            labels = self.policy(change.project).labels
            by_ci = username == self.settings.ci_account
            counted = permitted_votes(votes, labels, by_ci, strict)
            before = votes_of(patch_set, username)
            given = {name: counted[name] for name in labels if name in counted}
            changed = {name: value for name, value in given.items() if value != before.get(name, 0)}
            _check_closed(change, changed, before)
            words = "".join(f" {written(name, value)}" for name, value in changed.items())
            said = text.strip()
            if not words and not said:
                return
            voted = with_votes(patch_set, changed, author, now)
            full = f"Patch Set {patch_set.number}:{words}" + (f"\n\n{said}" if said else "")
            approvals = (
                events.approvals_told(labels, before, votes_of(voted, username)) if change.open or counted else None
            )
            change = change.with_patch_set(voted)
            told = events.comment_added(change, voted, approvals, author, full, self.base, now)
            self.keep(change, author, now, text=full, told=[told])

    def submit(self, username: str, change: Change, patch_set: PatchSet) -> None:
        """Merges a change into its branch, and those that it stands on with it."""
        with self.lock:
            submit(self, self.settings.account(username), self.change(change.number), patch_set, _now())

    def abandon(self, username: str, change: Change, reason: str) -> None:
        """Closes a change without merging it."""
        with self.lock:
            change, who, now = self.change(change.number), self.settings.account(username), _now()
            if not change.open:
                raise RefusedError(f"change is {change.status.lower()}")
            change = replace(change, status=Status.ABANDONED)
            told = events.change_abandoned(change, who, reason, self.base, now)
            self.keep(change, who, now, text=f"Abandoned\n\n{reason}".strip(), told=[told])

    def restore(self, username: str, change: Change, reason: str) -> None:
        """Opens an abandoned change again."""
        with self.lock:
            change, who, now = self.change(change.number), self.settings.account(username), _now()
            if change.status is not Status.ABANDONED:
                raise RefusedError(f"change is {change.status.lower()}")
            change = replace(change, status=Status.NEW)
            told = events.change_restored(change, who, reason, self.base, now)
            self.keep(change, who, now, text=f"Restored\n\n{reason}".strip(), told=[told])

    def set_topic(self, username: str, change: Change, topic: str) -> None:
        """Gives a change another topic."""
        with self.lock:
            change, who, now = self.change(change.number), self.settings.account(username), _now()
            old = change.topic
            if old == topic:
                return
            text = f"Topic {old} removed" if old and not topic else f"Topic set to {topic}"
            if old and topic:
                text = f"Topic changed from {old} to {topic}"
            change = replace(change, topic=topic)
            told = events.topic_changed(change, who, old, self.base, now)
            self.keep(change, who, now, text=text, told=[told])

    def mark(self, username: str, change: Change, mark: Mark) -> None:
        """Makes a change work in progress or ready, private or public."""
        texts = {
            Mark.WIP: "Set Work In Progress",
            Mark.READY: "Set Ready For Review",
            Mark.PRIVATE: "Set private",
            Mark.PUBLIC: "Unset private",
        }
        with self.lock:
            change, who, now = self.change(change.number), self.settings.account(username), _now()
            if not change.open:
                raise RefusedError(f"change is {change.status.lower()}")
            if mark in (Mark.WIP, Mark.READY):
                kind, marked = "wip-state-changed", replace(change, wip=mark is Mark.WIP)
            else:
                kind, marked = "private-state-changed", replace(change, private=mark is Mark.PRIVATE)
            if marked == change:
                raise RefusedError(f"change {change.number} is {mark} already")
            told = events.mark_changed(kind, marked, who, self.base, now)
            self.keep(marked, who, now, text=texts[mark], told=[told])

    def obstacles(self, change: Change) -> list[str]:
        """What keeps an open change from being submitted."""
        policy = self.policy(change.project)
        names = unmet(change, policy.requirements, policy.labels)
        found = [f"submit requirement '{name}' is unsatisfied" for name in names]
        return [*found, *(["it is marked work in progress"] if change.wip else [])]


def _check_closed(change: Change, changed: Mapping[str, int], before: Mapping[str, int]) -> None:
    """A merged change's votes can be raised only, an abandoned one's not at all. Raises ``RefusedError``."""
    if change.open or not changed:
        return
    if change.status is not Status.MERGED:
        raise RefusedError("change is closed")
    reduced = [name for name, value in changed.items() if value < before.get(name, 0)]
    if reduced:
        raise RefusedError(f"Cannot reduce vote on labels for closed change: {', '.join(reduced)}")


def _now() -> int:
    return int(time.time())

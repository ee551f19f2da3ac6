"""The review itself: what pushes, votes and submits do to changes and repositories, and which events they cause."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pkgci.lab.stand_ins.review import events
from pkgci.lab.stand_ins.review.commit_message import install_hint
from pkgci.lab.stand_ins.review.git import Repository
from pkgci.lab.stand_ins.review.labels import check_votes, obstacles, votes_of, with_votes
from pkgci.lab.stand_ins.review.model import Account, Change, Message, PatchSet, RefusedError, Status, ref_of
from pkgci.lab.stand_ins.review.push import Step, Target, parse_target, plan_push
from pkgci.lab.stand_ins.review.records import Json, change_url
from pkgci.lab.stand_ins.review.settings import Settings
from pkgci.lab.stand_ins.review.starter import first_files
from pkgci.lab.stand_ins.review.store import Store

Listener = Callable[[Json], None]


@dataclass(frozen=True)
class Pushed:
    """What became of a push to one ref: ``refusal`` is None where it was taken; ``remarks`` are for who pushed."""

    ref: str
    refusal: str | None
    remarks: tuple[str, ...]


class Review:
    """The changes and repositories below one folder. One thing happens at a time; every method may be called from
    any thread, and raises ``RefusedError`` for what cannot be done, having done nothing."""

    def __init__(self, directory: Path, settings: Settings) -> None:
        self.settings = settings
        self.git_root = directory / "git"
        self._store = Store(directory / "changes")
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []

    @property
    def changes(self) -> Mapping[int, Change]:
        return self._store.changes

    def make_projects(self) -> None:
        """Makes the repositories that are not there yet, each with a first commit."""
        author = self.settings.account("lab")
        trees = Path(self.settings.trees) if self.settings.trees else None
        for project in self.settings.projects:
            repository = self._path(project)
            if not repository.exists:
                files = first_files(project, self.settings.branch, trees)
                repository.make(self.settings.branch, files, (author.name, author.email))

    def projects(self) -> list[str]:
        """The projects that have a repository, by name."""
        found = (head.parent for head in self.git_root.rglob("HEAD") if head.parent.name.endswith(".git"))
        names = (str(path.relative_to(self.git_root)).removesuffix(".git") for path in found)
        return sorted(name for name in names if not any(part.startswith(".") for part in name.split("/")))

    def repository(self, project: str) -> Repository:
        """The repository of ``project``."""
        parts = project.split("/")
        if any(part in ("", ".", "..") or part.startswith(".") for part in parts) or not self._path(project).exists:
            raise RefusedError(f"project '{project}' not found (there are {', '.join(self.projects()) or 'none'})")
        return self._path(project)

    def change(self, number: int) -> Change:
        try:
            return self.changes[number]
        except KeyError:
            raise RefusedError(f"no such change: {number}") from None

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Has ``listener`` called with every event from now on, in order; returns what ends that."""
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def push(
        self, username: str, project: str, commands: Iterable[tuple[str, str, str]], options: Iterable[str]
    ) -> list[Pushed]:
        """Takes a push: (old, new, ref) of each ref. The commits are in the repository already."""
        settings = list(options)
        with self._lock:
            return [self._push(self.settings.account(username), project, command, settings) for command in commands]

    def vote(self, username: str, change: Change, patch_set: PatchSet, votes: Mapping[str, int], text: str) -> None:
        """Writes a message about a patch set, with ``votes`` (label → value, 0 takes one back)."""
        check_votes(votes, username, self.settings.ci_account)
        with self._lock:
            change, author, now = self.change(change.number), self.settings.account(username), _now()
            patch_set = change.patch_set(patch_set.number)
            if votes and not change.open:
                raise RefusedError(f"change {change.number} is {change.status.lower()}: it takes no more votes")
            before = votes_of(patch_set, username)
            voted = with_votes(patch_set, votes, author, now)
            cast = "".join(f" {name}{value:+}" if value else f" -{name}" for name, value in votes.items())
            head = f"Patch Set {patch_set.number}:{cast}"
            full = f"{head}\n\n{text}" if text else head
            change = replace(_noted(change, author, now, full), updated=now).with_patch_set(voted)
            self._keep(change, events.comment_added(change, voted, before, author, full, self._base, now))

    def submit(self, username: str, change: Change, patch_set: PatchSet) -> None:
        """Merges a change into its branch."""
        with self._lock:
            change, who, now = self.change(change.number), self.settings.account(username), _now()
            if patch_set.number != change.current.number:
                raise RefusedError(f"patch set {patch_set.number} is not the current one of change {change.number}")
            if problems := obstacles(change):
                raise RefusedError(f"change {change.number} cannot be submitted: {'; '.join(problems)}")
            repository, revision = self.repository(change.project), change.current.revision
            for missing in repository.missing_from(change.branch, revision)[:-1]:
                raise RefusedError(f"change {change.number} cannot be submitted: {self._whose(change, missing)}")
            old = repository.resolve(f"refs/heads/{change.branch}") or ""
            message = f'Merge "{change.current.subject}"'
            try:
                new = repository.merge(change.branch, revision, message, (who.name, who.email))
            except RefusedError as conflict:
                raise RefusedError(
                    f"change {change.number} cannot be merged: {conflict}; rebase it and push it again"
                ) from None
            text = f"Change has been merged as {new}" if new != revision else "Change has been merged"
            change = replace(_noted(change, who, now, text), status=Status.MERGED, merged_as=new, updated=now)
            repository.point(f"refs/heads/{change.branch}", new, old)
            updated = events.ref_updated(change.project, f"refs/heads/{change.branch}", old, new, who, now)
            self._keep(change, updated, events.change_merged(change, who, self._base, now))

    def abandon(self, username: str, change: Change, reason: str) -> None:
        """Closes a change without merging it."""
        with self._lock:
            change, who, now = self.change(change.number), self.settings.account(username), _now()
            if not change.open:
                raise RefusedError(f"change {change.number} is {change.status.lower()}")
            text = f"Abandoned\n\n{reason}".strip()
            change = replace(_noted(change, who, now, text), status=Status.ABANDONED, updated=now)
            self._keep(change, events.change_abandoned(change, who, reason, self._base, now))

    def restore(self, username: str, change: Change, reason: str) -> None:
        """Opens an abandoned change again."""
        with self._lock:
            change, who, now = self.change(change.number), self.settings.account(username), _now()
            if change.status is not Status.ABANDONED:
                raise RefusedError(
                    f"change {change.number} is {change.status.lower()}: only an abandoned one is restored"
                )
            text = f"Restored\n\n{reason}".strip()
            change = replace(_noted(change, who, now, text), status=Status.NEW, updated=now)
            self._keep(change, events.change_restored(change, who, reason, self._base, now))

    def set_topic(self, username: str, change: Change, topic: str) -> None:
        """Gives a change another topic."""
        with self._lock:
            change, who, now = self.change(change.number), self.settings.account(username), _now()
            old = change.topic
            if old != topic:
                text = f"Topic set to {topic}" if topic else f"Topic {old} removed"
                change = replace(_noted(change, who, now, text), topic=topic, updated=now)
                self._keep(change, events.topic_changed(change, who, old, self._base, now))

    @property
    def _base(self) -> str:
        return self.settings.web

    def _path(self, project: str) -> Repository:
        return Repository(self.git_root / f"{project}.git")

    def _keep(self, change: Change, *happened: Json) -> None:
        self._store.put(change)
        for event in happened:
            for listener in list(self._listeners):
                listener(event)

    def _push(self, who: Account, project: str, command: tuple[str, str, str], options: list[str]) -> Pushed:
        _, new, ref = command
        try:
            target = parse_target(ref, options)
            repository = self.repository(project)
            if repository.resolve(f"refs/heads/{target.branch}") is None:
                raise RefusedError(f"branch {target.branch} not found")
            commits = [repository.commit(revision) for revision in repository.new_commits(new)]
            steps = plan_push(commits, target, project, self.changes)
        except RefusedError as refusal:
            hint: tuple[str, ...] = ()
            if "Change-Id" in str(refusal):
                place = self.settings
                hint = ("", *install_hint(place.web, place.host, place.port, who.username).splitlines(), "")
            return Pushed(ref, str(refusal), (f"ERROR: {refusal}", *hint))
        done = [self._take(who, project, target, step, repository) for step in steps]
        words = {True: " [NEW]", False: ""}
        lines = [f"  {change_url(self._base, c)} {c.current.subject}{words[len(c.patch_sets) == 1]}" for c in done]
        return Pushed(ref, None, ("", "SUCCESS", "", *lines, ""))

    def _take(self, who: Account, project: str, target: Target, step: Step, repository: Repository) -> Change:
        """Makes one commit a patch set."""
        now = _now()
        earlier = self.changes.get(step.number) if step.number is not None else None
        number = step.number or max(self.changes, default=0) + 1
        name, email = step.commit.author
        patch_set = PatchSet(
            number=earlier.current.number + 1 if earlier else 1,
            revision=step.commit.revision,
            parents=step.commit.parents,
            uploader=who,
            author=Account("", name, email),
            created=now,
            subject=step.commit.subject,
            message=step.commit.message,
            files=repository.files(step.commit.revision),
        )
        if earlier is None:
            change = Change(number, step.id, project, target.branch, who, now, now, (patch_set,), target.topic or "")
        else:
            topic = earlier.topic if target.topic is None else target.topic
            change = replace(earlier.with_patch_set(patch_set), updated=now, topic=topic)
        change = _noted(change, who, now, f"Uploaded patch set {patch_set.number}.")
        # The commit has its ref before anybody hears of it: Zuul fetches at once.
        repository.point(ref_of(number, patch_set.number), patch_set.revision)
        self._keep(change, events.patchset_created(change, self._base, now))
        return change

    def _whose(self, change: Change, revision: str) -> str:
        for other in self.changes.values():
            for item in other.patch_sets:
                if other.project == change.project and item.revision == revision:
                    old = "" if item is other.current else f" in its old patch set {item.number}"
                    return f"it depends on change {other.number}{old}, which is not merged"
        return f"it depends on commit {revision[:7]}, which is not merged"


def _noted(change: Change, author: Account, now: int, text: str) -> Change:
    return replace(change, messages=(*change.messages, Message(author, now, text)))


def _now() -> int:
    return int(time.time())

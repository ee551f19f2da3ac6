"""What the review has: repositories, changes, policies, and who listens. Everything else acts on it, under its lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pkgci.lab.stand_ins.review import events
from pkgci.lab.stand_ins.review.git import ZERO, Repository
from pkgci.lab.stand_ins.review.model import Account, Change, Message, RefusedError, meta_ref_of
from pkgci.lab.stand_ins.review.policy import Policies, Policy
from pkgci.lab.stand_ins.review.records import Json
from pkgci.lab.stand_ins.review.settings import Settings
from pkgci.lab.stand_ins.review.starter import first_files
from pkgci.lab.stand_ins.review.store import Store

Listener = Callable[[Json], None]

# Gerrit's own projects: it lists them, and keeps its configuration and its accounts in them.
OWN_PROJECTS = ("All-Projects", "All-Users")
CONFIG = "refs/meta/config"


class Ledger:
    """The changes and repositories below one folder."""

    def __init__(self, directory: Path, settings: Settings) -> None:
        self.settings = settings
        self.git_root = directory / "git"
        self.lock = threading.RLock()
        self._store = Store(directory / "changes")
        self.policies = Policies(directory / "policies.json")
        self._listeners: list[tuple[Listener, str | None]] = []

    @property
    def changes(self) -> Mapping[int, Change]:
        return self._store.changes

    @property
    def base(self) -> str:
        """The address of the pages."""
        return self.settings.web

    def make_projects(self) -> None:
        """Makes the repositories that are not there yet, each with a first commit."""
        author = self.settings.account("lab")
        identity = (author.name, author.email)
        trees = Path(self.settings.trees) if self.settings.trees else None
        for project in self.settings.projects:
            repository = self._path(project)
            if repository.exists:
                continue
            branch, now = self.settings.branch, int(time.time())
            first = repository.make(branch, first_files(project, branch, trees), identity)
            _, config = repository.note(CONFIG, "Created project", identity)
            self.tell(events.ref_updated(project, CONFIG, ZERO, config, author, now))
            self.tell(events.project_created(project, branch, now))
            self.tell(events.ref_updated(project, f"refs/heads/{branch}", ZERO, first, author, now))

    def projects(self) -> list[str]:
        """The projects that have a repository, by name."""
        found = (head.parent for head in self.git_root.rglob("HEAD") if head.parent.name.endswith(".git"))
        names = (str(path.relative_to(self.git_root)).removesuffix(".git") for path in found)
        return sorted(name for name in names if not any(part.startswith(".") for part in name.split("/")))

    def repository(self, project: str) -> Repository:
        """The repository of ``project``."""
        parts = project.split("/")
        if any(part in ("", ".", "..") or part.startswith(".") for part in parts) or not self._path(project).exists:
            raise RefusedError(f"project {project} not found")
        return self._path(project)

    def policy(self, project: str) -> Policy:
        return self.policies.of(project)

    def hidden_refs(self, project: str, username: str | None) -> list[str]:
        """The refs of ``project`` that ``username`` may not read; None is somebody who has not logged in."""
        if username is None and not self.policy(project).anonymous_read:
            return ["refs", "HEAD"]
        private = [
            meta_ref_of(change.number).rpartition("/")[0]
            for change in self.changes.values()
            if change.project == project and not change.visible_to(username or "")
        ]
        return [CONFIG, *private]

    def change(self, number: int) -> Change:
        try:
            return self.changes[number]
        except KeyError:
            raise RefusedError(f"no such change: {number}") from None

    def listen(self, listener: Listener, username: str | None = None) -> Callable[[], None]:
        """Has ``listener`` called with every event from now on that ``username`` may see, in order; returns what ends
        that."""
        entry = (listener, username)
        with self.lock:
            self._listeners.append(entry)
        return lambda: self._listeners.remove(entry)

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def tell(self, event: Json, about: Change | None = None) -> None:
        """Tells an event to those who listen; of a private change, to those who may see it."""
        for listener, username in list(self._listeners):
            if about is None or username is None or about.visible_to(username):
                listener(event)

    def keep(
        self, change: Change, who: Account, now: int, *, text: str, refs: Sequence[Json] = (), told: Sequence[Json] = ()
    ) -> Change:
        """Keeps ``change`` with a message, and tells what happened: refs that moved, its notes' own, and ``told``."""
        if text:
            change = replace(change, messages=(*change.messages, Message(who, now, text)))
        change = replace(change, updated=now)
        ref = meta_ref_of(change.number)
        old, new = self.repository(change.project).note(ref, text or "Update", (who.name, who.email))
        self._store.put(change)
        for event in (*refs, events.ref_updated(change.project, ref, old, new, who, now), *told):
            self.tell(event, change)
        return change

    def _path(self, project: str) -> Repository:
        return Repository(self.git_root / f"{project}.git")

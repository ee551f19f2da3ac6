"""A review with one project, and somebody who pushes to it: real git, no network."""

from __future__ import annotations

import itertools
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pkgci.lab.stand_ins.review.model import Change
from pkgci.lab.stand_ins.review.remarks import Pushed
from pkgci.lab.stand_ins.review.review import Review
from pkgci.lab.stand_ins.review.settings import Settings

PROJECT = "packaging/hello"
SETTINGS = Settings(
    host="review.test",
    port=29418,
    web="https://review.test",
    mail_domain="test",
    ci_account="zuul",
    ci_keys=("ssh-ed25519 ZUUL",),
    common_keys=("ssh-ed25519 LAB",),
    personal_keys={"alice": ("ssh-ed25519 ALICE",)},
    projects=(PROJECT,),
)


@dataclass
class Bench:
    """A review, what it says in events, and commits to push to it."""

    directory: Path
    review: Review
    everything: list[dict[str, Any]] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def events(self) -> list[dict[str, Any]]:
        """What happened to changes; refs that moved are in ``everything`` only."""
        return [event for event in self.everything if event["type"] != "ref-updated"]

    def git(self, *words: str, stdin: str = "") -> str:
        person = {f"GIT_{a}_{b}": "alice@test" for a in ("AUTHOR", "COMMITTER") for b in ("NAME", "EMAIL")}
        command = ["git", "--git-dir", str(self.review.repository(PROJECT).path), *words]
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, check=True, env={**os.environ, **person}
        )
        return done.stdout.strip()

    @property
    def head(self) -> str:
        return self.git("rev-parse", "refs/heads/main")

    def id(self) -> str:
        return f"I{next(self._ids):040x}"

    def commit(self, name: str, content: str = "x\n", *, on: str | None = None, footer: str | None = None) -> str:
        """A commit that puts ``content`` into the file ``name``, with a new Change-Id unless ``footer`` is given."""
        parent = on or self.head
        blob = self.git("hash-object", "-w", "--stdin", stdin=content)
        listing = self.git("ls-tree", parent) + f"\n100644 blob {blob}\t{name}\n"
        kept = {line.partition("\t")[2]: line for line in listing.splitlines() if line}
        tree = self.git("mktree", stdin="".join(f"{line}\n" for line in kept.values()))
        last = f"Change-Id: {self.id()}" if footer is None else footer
        return self.git("commit-tree", tree, "-p", parent, "-m", f"Change {name}", *(["-m", last] if last else []))

    def again(self, change: Change, content: str = "better\n") -> Change:
        """A new patch set."""
        (name,) = (file.path for file in change.current.files[1:])
        pushed = self.push(self.commit(name, content, footer=f"Change-Id: {change.id}"))
        assert pushed.refusal is None
        return self.review.change(change.number)

    def push(self, commit: str, ref: str = "refs/for/main", user: str = "alice", *options: str) -> Pushed:
        return self.review.push(user, PROJECT, [("0" * 40, commit, ref)], options)[0]

    def change(self, name: str = "one", content: str = "x\n", on: str | None = None) -> Change:
        """A new change."""
        pushed = self.push(self.commit(name, content, on=on))
        assert pushed.refusal is None
        return self.review.changes[max(self.review.changes)]

    def vote(self, change: Change, user: str, **votes: int) -> None:
        change = self.review.change(change.number)
        labels = {name.replace("_", "-"): value for name, value in votes.items()}
        self.review.vote(user, change, change.current, labels, "")

    def approve(self, change: Change) -> None:
        """The votes that a submit needs."""
        self.vote(change, "bob", Code_Review=2, Workflow=1)
        self.vote(change, "zuul", Verified=2)

    def merged(self, name: str = "one") -> Change:
        change = self.change(name)
        self.approve(change)
        return self.submit(change)

    def submit(self, change: Change) -> Change:
        change = self.review.change(change.number)
        self.review.submit("zuul", change, change.current)
        return self.review.change(change.number)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    review = Review(tmp_path, SETTINGS)
    review.make_projects()
    bench = Bench(tmp_path, review)
    review.listen(bench.everything.append)
    return bench

"""What a maintainer does with a change: clone, commit, push, vote, and read what the CI says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pkgci.model.stand_ins import review_is_stand_in
from tests.lab import real_gerrit
from tests.lab.conftest import SCRIPTS, Lab

PROJECT = SCRIPTS


@dataclass(frozen=True)
class Change:
    """One change in the review, by its number."""

    lab: Lab
    number: int

    def query(self) -> dict[str, Any]:
        """What the review knows of it."""
        options = ("--format", "json", "--current-patch-set", "--all-approvals", "--comments", "--submit-records")
        first = gerrit(self.lab, "query", *options, str(self.number)).splitlines()[0]
        found: dict[str, Any] = json.loads(first)
        return found

    @property
    def patch_set(self) -> str:
        return f"{self.number},{self.query()['currentPatchSet']['number']}"

    def vote(self, label: str, value: int, user: str = "alice") -> None:
        gerrit(self.lab, "review", "--label", f"{label}={value:+d}", self.patch_set, user=user)

    def comment(self, text: str, user: str = "alice") -> None:
        gerrit(self.lab, "review", "--message", text, self.patch_set, user=user)

    def approve(self) -> None:
        """What sends it to the gate: the reviewer's vote, and the approval."""
        self.vote("Code-Review", 2, user="bob")
        self.vote("Workflow", 1, user="bob")

    def verified(self) -> int | None:
        """Zuul's vote on the current patch set; None where it has not voted."""
        for approval in self.query()["currentPatchSet"].get("approvals", []):
            if approval["type"] == "Verified" and approval["by"]["username"] == "zuul":
                return int(approval["value"])
        return None

    def messages(self) -> list[str]:
        """What Zuul wrote, in order."""
        return [
            str(comment["message"])
            for comment in self.query()["comments"]
            if comment["reviewer"].get("username") == "zuul"
        ]

    def report(self) -> str:
        """The last that Zuul wrote."""
        return self.messages()[-1]

    def so_far(self) -> str:
        """What Zuul wrote, and the end of its log: for who has to find out why something does not come."""
        log = self.lab.exec("zuul01", "tail", "--lines=40", "/var/log/zuul/server.log", check=False).stdout
        return f"change {self.number}: {self.messages()}\n{log}"

    def wait_for_vote(self, *values: int, seconds: float = 120) -> float:
        """Waits until Zuul has voted one of ``values``; returns the seconds that took."""
        return wait_until(lambda: self.verified() in values, seconds, self.so_far)

    def wait_for_merge(self, seconds: float = 180) -> float:
        return wait_until(lambda: self.query().get("status") == "MERGED", seconds, self.so_far)


def gerrit(lab: Lab, *words: str, user: str = "alice") -> str:
    """Runs a command of Gerrit's over SSH, as ``user``."""
    return lab.pkgci("lab", "gerrit", "--as", user, *words).stdout


@contextmanager
def other_gerrit(lab: Lab, name: str, value: str, usual: str) -> Iterator[None]:
    """The review is set so for the project: a setting of the stand-in's, which a real Gerrit gets in its own way."""
    otherwise, back = _ways(lab, name, value, usual)
    otherwise()
    try:
        yield
    finally:
        back()


def _ways(lab: Lab, name: str, value: str, usual: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """What sets ``name`` of the review to ``value``, and what sets it back to ``usual``."""
    if review_is_stand_in(lab.site):
        set_to = partial(gerrit, lab, "stand-in", "set", name)
        return partial(set_to, value, "--project", PROJECT), partial(set_to, usual, "--project", PROJECT)
    if name == "submit-type":
        set_to = partial(gerrit, lab, "set-project", PROJECT, f"--{name}", user="bob")
        return partial(set_to, value), partial(set_to, usual)
    otherwise, back = real_gerrit.setting(lab.site, name, value, PROJECT)
    return partial(real_gerrit.send, lab.site, otherwise), partial(real_gerrit.send, lab.site, back)


def mark(change: Change, what: str) -> None:
    """Marks a change as ``wip`` or ``ready``."""
    if review_is_stand_in(change.lab.site):
        gerrit(change.lab, "stand-in", "mark", str(change.number), what)
    else:
        real_gerrit.send(change.lab.site, real_gerrit.mark(change.number, what))


@contextmanager
def gerrit_away(lab: Lab) -> Iterator[None]:
    """The review does not run."""
    where = ("stand-ins", "review-stand-in.service") if review_is_stand_in(lab.site) else ("review", "gerrit.service")
    lab.exec(where[0], "systemctl", "stop", where[1])
    try:
        yield
    finally:
        lab.exec(where[0], "systemctl", "start", where[1])


class Clone:
    """A clone of a project, as one user has it."""

    def __init__(self, lab: Lab, directory: Path, user: str = "alice", project: str = PROJECT) -> None:
        self.lab = lab
        self.directory = directory
        if not directory.exists():
            lab.pkgci("lab", "clone", project, str(directory), "--as", user)

    def git(self, *words: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            ["git", "-C", str(self.directory), *words],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )
        assert result.returncode == 0, f"git {' '.join(words)}:\n{result.stdout}{result.stderr}"
        return result

    def start(self) -> None:
        """Goes to the tip of the branch."""
        self.git("fetch", "-q", "origin")
        self.git("checkout", "-q", "--detach", "origin/main")

    def commit(self, subject: str, files: dict[str, str], body: str = "") -> None:
        """Commits ``files``; those below ci/ are programs."""
        for name, text in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            if name.startswith("ci/"):
                path.chmod(0o755)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject, *(["-m", body] if body else []))

    def push(self, topic: str = "") -> Change:
        """Pushes for review; the change is the one of the last commit."""
        said = self.git("push", "origin", f"HEAD:refs/for/main{f'%topic={topic}' if topic else ''}").stderr
        numbers = [int(number) for number in re.findall(r"/(\d+)\b(?=\s)", said)]
        assert numbers, f"the review named no change:\n{said}"
        identity = re.search(r"^Change-Id: (I[0-9a-f]{40})$", self.git("log", "-1", "--format=%B").stdout, re.MULTILINE)
        assert identity is not None
        found = gerrit(self.lab, "query", "--format", "json", f"change:{identity[1]}").splitlines()[0]
        return Change(self.lab, int(json.loads(found)["number"]))

    def propose(self, subject: str, files: dict[str, str], body: str = "") -> Change:
        """One new change on the tip of the branch."""
        self.start()
        self.commit(subject, files, body)
        return self.push()


def script(*lines: str) -> str:
    """A shell program for ci/."""
    return "\n".join(("#!/bin/sh", "set -eu", *lines, ""))


def wait_until(true: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> float:
    """Waits until ``true()``; returns the seconds that took, and fails with ``otherwise()`` after ``seconds``."""
    start = time.monotonic()
    while not true():
        waited = time.monotonic() - start
        assert waited < seconds, f"after {waited:.0f} s: {otherwise()}"
        time.sleep(1)
    return time.monotonic() - start

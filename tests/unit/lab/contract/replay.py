"""Does to the stand-in what was done to the real Gerrit, so that what both say can be laid side by side."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pkgci.lab.stand_ins.review.commands import Answer, answer, split_words
from pkgci.lab.stand_ins.review.model import Change
from pkgci.lab.stand_ins.review.review import Review
from pkgci.lab.stand_ins.review.settings import Settings
from tests.unit.lab.contract.recordings import Json

HOST = "review.pkg.lab.test"
PROJECTS = ("demo/a", "demo/b", "packaging/greet", "packaging/tidy-logs", "packaging/wordcount")
_TIMES = ("createdOn", "eventCreatedOn", "grantedOn", "lastUpdated", "runTimeMilliseconds", "timestamp")
_VOTE = re.compile(r"(-)?([A-Z][A-Za-z-]*?)([+-]\d)?$")


def lab_settings(keys: tuple[str, ...], projects: tuple[str, ...]) -> Settings:
    """The review as the lab has it; ``keys`` open every account."""
    return Settings(
        host=HOST,
        port=29418,
        web=f"https://{HOST}",
        mail_domain="pkg.lab.test",
        ci_account="zuul",
        ci_keys=keys,
        common_keys=keys,
        personal_keys={},
        projects=projects,
    )


class Lab:
    """A review with the lab's projects, or with some of them, and all that it tells."""

    def __init__(self, directory: Path, *keys: str, projects: tuple[str, ...] = PROJECTS) -> None:
        self.review = Review(directory, lab_settings(keys, projects))
        self.told: list[Json] = []
        self.review.listen(self.told.append)
        self.review.make_projects()
        self._salt = itertools.count(1)

    def run(self, command: str, user: str = "zuul") -> Answer:
        """A command as ssh brings it, without the word gerrit."""
        return answer(self.review, user, split_words(command))

    def done(self, command: str, user: str = "zuul") -> str:
        """The same, where nothing is to be refused."""
        said = self.run(command, user)
        assert (said.err, said.status) == ("", 0)
        return said.out

    def set(self, *words: str) -> None:
        self.done(shlex.join(("stand-in", "set", *words)), "alice")

    def commit(
        self, project: str, message: str, files: Mapping[str, int], *, on: str = "refs/heads/main", removed: int = 0
    ) -> str:
        """A commit of files with so many new lines each, which takes ``removed`` lines from the README's end."""
        parent = self._git(project, "rev-parse", on)
        kept = {row.partition("\t")[2]: row for row in self._git(project, "ls-tree", parent).splitlines()}
        new = {name: "".join(f"{name} {next(self._salt)}\n" for _ in range(count)) for name, count in files.items()}
        if removed:
            lines = self._git(project, "show", f"{parent}:README.md").splitlines()
            new["README.md"] = "".join(f"{line}\n" for line in lines[:-removed]) + new.get("README.md", "")
        for name, text in new.items():
            blob = self._git(project, "hash-object", "-w", "--stdin", stdin=text)
            kept[name] = f"100644 blob {blob}\t{name}"
        tree = self._git(project, "mktree", stdin="".join(f"{row}\n" for row in kept.values()))
        return self._git(project, "commit-tree", tree, "-p", parent, stdin=message)

    def push(self, project: str, commit: str, settings: str = "") -> Change:
        """Pushes as alice; returns the change."""
        ref = f"refs/for/main{settings}"
        (pushed,) = self.review.push("alice", project, [("0" * 40, commit, ref)], ())
        assert pushed.refusal is None, pushed.refusal
        return (*pushed.created, *pushed.updated)[-1]

    def propose(self, project: str, subject: str, identity: str, settings: str = "", on: str = "") -> Change:
        """A new change, of one file with one line."""
        message = f"{subject}\n\nChange-Id: {identity}\n"
        name = f"file-{next(self._salt)}"
        return self.push(project, self.commit(project, message, {name: 1}, on=on or "refs/heads/main"), settings)

    def land(self, change: Change) -> Change:
        """Approves and submits a change."""
        target = f"{change.number},{change.current.number}"
        self.done(f"review --code-review 2 --workflow 1 {target}", "alice")
        self.done(f"review --verified 2 --submit {target}")
        return self.review.change(change.number)

    def say(self, change: Change, author: str, text: str, votes: Mapping[str, Any]) -> None:
        """Writes what somebody wrote of a patch set: ``Patch Set N: votes``, and below it what it says."""
        match = re.match(r"Patch Set (\d+):", text)
        assert match
        message = text.partition("\n\n")[2]
        labels = " ".join(f"--label {name}={value}" for name, value in votes.items())
        self.done(f"review {labels} --message {shlex.quote(message)} {change.number},{match[1]}", author)

    def _git(self, project: str, *words: str, stdin: str = "") -> str:
        person = {f"GIT_{a}_{b}": "alice" for a in ("AUTHOR", "COMMITTER") for b in ("NAME",)}
        person |= {f"GIT_{a}_EMAIL": "alice@pkg.lab.test" for a in ("AUTHOR", "COMMITTER")}
        command = ["git", "--git-dir", str(self.review.repository(project).path), *words]
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, check=True, env={**os.environ, **person}
        )
        return done.stdout.strip()


def votes_in(text: str) -> dict[str, int]:
    """The votes that the first line of a message names."""
    words = text.partition("\n")[0].partition(":")[2].split()
    found = [match for match in map(_VOTE.match, words) if match]
    return {match[2]: int(match[3] or 0) for match in found}


def normalised(records: Iterable[Json]) -> list[Json]:
    """Records without times, and with each hash and each change's number as the how-manieth it is in them all."""
    seen: dict[str, dict[str, str]] = {"h": {}, "n": {}}
    return [_normalised(record, "", seen) for record in records]


def _normalised(value: Any, key: str, seen: dict[str, dict[str, str]]) -> Any:
    if isinstance(value, dict):
        # A change's own number comes first: texts around it have it, too.
        first = sorted(value, key=lambda name: (name != "change", not isinstance(value[name], int), name))
        done = {name: _normalised(value[name], name, seen) for name in first}
        if "id" in value and isinstance(value.get("number"), int):
            number = str(value["number"])
            done["number"] = seen["n"].setdefault(number, f"n{len(seen['n'])}")
        return done
    if isinstance(value, list):
        return [_normalised(item, key, seen) for item in _ordered(value, key)]
    if key in _TIMES:
        return 0
    if isinstance(value, str):
        return _text(value, key, seen)
    return value


def _ordered(value: list[Any], key: str) -> list[Any]:
    """Approvals come in any order."""
    return sorted(value, key=lambda item: str(item["type"])) if key == "approvals" else value


def _text(text: str, key: str, seen: dict[str, dict[str, str]]) -> str:
    def name(kind: str, found: str) -> str:
        known = seen[kind]
        return known.setdefault(found, f"{kind}{len(known)}")

    text = re.sub(r"\b(?!0{40})[0-9a-f]{40}\b", lambda match: name("h", match[0]), text)
    if key in ("ref", "refName"):
        return re.sub(r"refs/changes/\d+/(\d+)/", lambda match: f"refs/changes/{name('n', match[1])}/", text)
    if key == "commitMessage":
        head, mark, footers = text.partition("Reviewed-on:")
        text = head + mark + "\n".join(sorted(footers.splitlines()))
    if key in ("url", "commitMessage", "message"):
        text = re.sub(r"/\+/(\d+)", lambda match: f"/+/{name('n', match[1])}", text)
    return text

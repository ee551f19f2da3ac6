"""The bare repository of one project, through git itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgci.lab.stand_ins.review.model import COMMIT_MESSAGE, File, RefusedError

ZERO = "0" * 40
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_KINDS = {"A": "ADDED", "M": "MODIFIED", "D": "DELETED", "R": "RENAMED", "C": "COPIED", "T": "MODIFIED"}
# Seconds that one git command may take.
_PATIENCE = 120


@dataclass(frozen=True)
class Commit:
    """A commit as git has it; ``committer`` is an address."""

    revision: str
    parents: tuple[str, ...]
    author: tuple[str, str]
    committer: str
    message: str

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]


class Repository:
    """A bare repository. What git says when it fails is ``RefusedError``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        return (self.path / "HEAD").is_file()

    def make(self, branch: str, files: Mapping[str, tuple[int, bytes]], author: tuple[str, str]) -> str:
        """Makes the repository with one commit of ``files`` (path → mode, content) on ``branch``; returns the commit.

        It appears under its name when it is whole.
        """
        growing = Repository(self.path.with_name(f".{self.path.name}.new"))
        subprocess.run(["rm", "-rf", str(growing.path)], check=True)
        growing.path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["git", "init", "--quiet", "--bare", f"--initial-branch={branch}", str(growing.path)], check=True
        )
        index = {"GIT_INDEX_FILE": str(growing.path / "first-index")}
        for path, (mode, content) in sorted(files.items()):
            blob = growing._git("hash-object", "-w", "--stdin", stdin=content)
            mark = "100755" if mode & 0o100 else "100644"
            growing._git("update-index", "--add", "--cacheinfo", f"{mark},{blob},{path}", env=index)
        growing._git("hash-object", "-w", "-t", "tree", "/dev/null")
        tree = growing._git("write-tree", env=index)
        commit = growing._git("commit-tree", tree, "-m", "Start the project", env=_identity(author))
        growing._git("update-ref", f"refs/heads/{branch}", commit)
        growing.path.joinpath("first-index").unlink()
        growing.path.rename(self.path)
        return commit

    def resolve(self, ref: str) -> str | None:
        """The commit that ``ref`` names, or None."""
        return self._git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", check=False) or None

    def new_commits(self, tip: str) -> list[str]:
        """What ``tip`` brings that no branch has, oldest first."""
        return self._git("rev-list", "--reverse", "--topo-order", tip, "--not", "--branches").split()

    def missing_from(self, branch: str, tip: str) -> list[str]:
        """The commits of ``tip`` that ``branch`` does not have, oldest first."""
        return self._git("rev-list", "--reverse", "--topo-order", tip, "--not", f"refs/heads/{branch}").split()

    def commit(self, revision: str) -> Commit:
        text = self._git("show", "--no-patch", "--format=%P%n%an%n%ae%n%ce%n%B", revision)
        parents, name, email, committer, *message = text.split("\n", 4)
        return Commit(revision, tuple(parents.split()), (name, email), committer, "".join(message).strip() + "\n")

    def files(self, revision: str) -> tuple[File, ...]:
        """What a commit changes against its first parent, its message first as Gerrit has it."""
        base = self.resolve(f"{revision}^") or self._git("hash-object", "-t", "tree", "/dev/null")
        found = {path: (kind, 0, 0) for kind, path in self._kinds(base, revision)}
        for line in self._git("diff-tree", "-r", "-z", "--no-renames", "--numstat", base, revision).split("\0"):
            inserted, _, rest = line.partition("\t")
            deleted, _, path = rest.partition("\t")
            if path in found:
                counts = [int(text) if text.isdecimal() else 0 for text in (inserted, deleted)]
                found[path] = (found[path][0], counts[0], counts[1])
        commit = self.commit(revision)
        # Gerrit shows the parents, author and committer above the message, and counts their lines.
        parents = len(commit.parents) + (len(commit.parents) > 1)
        lines = parents + 5 + commit.message.count("\n")
        return (File(COMMIT_MESSAGE, "ADDED", lines, 0), *(File(path, *rest) for path, rest in found.items()))

    def point(self, ref: str, revision: str, old: str | None = None) -> None:
        """Moves ``ref`` to ``revision``; with ``old``, only where it is there now."""
        self._git("update-ref", ref, revision, *([old] if old else []))

    def delete(self, ref: str) -> None:
        """Removes ``ref``."""
        self._git("update-ref", "-d", ref)

    def note(self, ref: str, text: str, author: tuple[str, str]) -> tuple[str, str]:
        """Adds a commit without files to ``ref``, where Gerrit keeps what it knows; returns where it was and is."""
        old = self.resolve(ref)
        parent = ["-p", old] if old else []
        new = self._git("commit-tree", _EMPTY_TREE, *parent, stdin=text.encode(), env=_identity(author))
        self.point(ref, new)
        return old or ZERO, new

    def is_ancestor(self, older: str, newer: str) -> bool:
        return self._run("merge-base", "--is-ancestor", older, newer).returncode == 0

    def merge(self, head: str, revision: str, message: str, author: tuple[str, str]) -> str:
        """A commit that merges ``revision`` into ``head``. Raises ``RefusedError`` where they conflict."""
        tree = self._merged_tree(head, revision)
        return self._git("commit-tree", tree, "-p", head, "-p", revision, "-m", message, env=_identity(author))

    def pick(self, revision: str, onto: str, message: str, committer: tuple[str, str]) -> str:
        """A commit on ``onto`` with what ``revision`` changes, by its author. Raises ``RefusedError`` on a conflict."""
        about = self._git("show", "--no-patch", "--format=%an%n%ae%n%ad", "--date=raw", revision)
        name, email, date = about.split("\n")
        author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date}
        tree = self.picked_tree(revision, onto)
        return self._git("commit-tree", tree, "-p", onto, stdin=message.encode(), env=_identity(committer) | author)

    def picked_tree(self, revision: str, onto: str) -> str:
        """The files of ``onto`` with what ``revision`` changes. Raises ``RefusedError`` where they conflict."""
        parent = self.resolve(f"{revision}^")
        if parent is None or parent == onto:
            return self.tree(revision)
        # A commit with the files of `onto` beside `revision`: their merge has the parent of both as its base.
        beside = self._git("commit-tree", self.tree(onto), "-p", parent, "-m", "-", env=_identity(("-", "-")))
        return self._merged_tree(beside, revision)

    def tree(self, revision: str) -> str:
        return self._git("rev-parse", "--verify", f"{revision}^{{tree}}")

    def _merged_tree(self, ours: str, theirs: str) -> str:
        result = self._run("merge-tree", "--write-tree", "--name-only", "--no-messages", ours, theirs)
        lines = result.stdout.decode(errors="replace").splitlines()
        if result.returncode != 0:
            raise RefusedError(f"merge conflict in {', '.join(lines[1:])}")
        return lines[0]

    def _kinds(self, base: str, revision: str) -> list[tuple[str, str]]:
        fields = self._git("diff-tree", "-r", "-z", "--no-renames", "--name-status", base, revision).split("\0")
        return [(_KINDS.get(kind[:1], "MODIFIED"), path) for kind, path in zip(fields[::2], fields[1::2], strict=False)]

    def _git(self, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, check: bool = True) -> str:
        result = self._run(*words, stdin=stdin, env=env)
        if check and result.returncode != 0:
            said = result.stderr.decode(errors="replace").strip()
            raise RefusedError(f"git {words[0]}: {said or f'status {result.returncode}'}")
        return result.stdout.decode(errors="replace").strip("\n") if result.returncode == 0 else ""

    def _run(
        self, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        command = ["git", "--git-dir", str(self.path), *words]
        return subprocess.run(
            command, input=stdin, env={**os.environ, **(env or {})}, capture_output=True, timeout=_PATIENCE, check=False
        )


def _identity(author: tuple[str, str]) -> dict[str, str]:
    name, email = author
    return {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", name), ("EMAIL", email))
    }

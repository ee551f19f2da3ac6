"""The bare repository of one project, through git itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgci.lab.stand_ins.review.model import COMMIT_MESSAGE, File, RefusedError

ZERO = "0" * 40
_KINDS = {"A": "ADDED", "M": "MODIFIED", "D": "DELETED", "R": "RENAMED", "C": "COPIED", "T": "MODIFIED"}
# Seconds that one git command may take.
_PATIENCE = 120


@dataclass(frozen=True)
class Commit:
    """A commit as git has it."""

    revision: str
    parents: tuple[str, ...]
    author: tuple[str, str]
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
        text = self._git("show", "--no-patch", "--format=%P%n%an%n%ae%n%B", revision)
        parents, name, email, message = text.split("\n", 3) if text.count("\n") > 2 else (*text.split("\n"), "")
        return Commit(revision, tuple(parents.split()), (name, email), message.strip() + "\n")

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
        lines = self.commit(revision).message.count("\n")
        return (File(COMMIT_MESSAGE, "ADDED", lines, 0), *(File(path, *rest) for path, rest in found.items()))

    def point(self, ref: str, revision: str, old: str | None = None) -> None:
        """Moves ``ref`` to ``revision``; with ``old``, only where it is there now."""
        self._git("update-ref", ref, revision, *([old] if old else []))

    def delete(self, ref: str) -> None:
        """Removes ``ref``."""
        self._git("update-ref", "-d", ref)

    def merge(self, branch: str, revision: str, message: str, author: tuple[str, str]) -> str:
        """The commit that ``branch`` becomes when ``revision`` is merged into it: itself, or a merge commit.

        Raises ``RefusedError`` where they conflict, naming the files.
        """
        head = self.resolve(f"refs/heads/{branch}")
        if head is None:
            raise RefusedError(f"branch {branch} is not there any more")
        base = self._git("merge-base", head, revision, check=False)
        if base in (head, revision):
            return revision if base == head else head
        command = ["merge-tree", "--write-tree", "--name-only", "--no-messages", head, revision]
        result = self._run(*command)
        lines = result.stdout.decode(errors="replace").splitlines()
        if result.returncode != 0:
            raise RefusedError(
                f"merge conflict in {', '.join(lines[1:]) or result.stderr.decode(errors='replace').strip()}"
            )
        words = ["commit-tree", lines[0], "-p", head, "-p", revision, "-m", message]
        return self._git(*words, env=_identity(author))

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

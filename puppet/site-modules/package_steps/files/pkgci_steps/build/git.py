"""The tree that is built: fetched from SOURCE, and looked at without running or following anything in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..status import Ended, Status
from ..step import Step

# Neither the host's settings nor somebody's own.
ENVIRONMENT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
# What a tree's .gitattributes could do to its files on their way: these have the last word (gitattributes(5)).
_ATTRIBUTES = "* -text -eol -ident -filter -working-tree-encoding -export-subst -export-ignore\n"


@dataclass(frozen=True)
class Entry:
    """A file of the tree: ``mode`` is git's (100644, 100755, 120000 for a symbolic link, 160000 for a submodule)."""

    mode: str
    path: bytes


@dataclass(frozen=True)
class Tree:
    """A checked out commit. ``time`` is the commit's, in seconds since 1970."""

    folder: Path
    commit: str
    time: int
    entries: tuple[Entry, ...]

    def outside(self, folder: bytes) -> tuple[Entry, ...]:
        """The files that are not in ``folder`` (with a slash at its end; empty: all of them), submodules left out."""
        kept = (entry for entry in self.entries if entry.mode != "160000")
        return tuple(entry for entry in kept if not (folder and entry.path.startswith(folder)))

    def text(self, path: str) -> str | None:
        """The text of a plain file, None where there is none: a symbolic link is not followed."""
        modes = {entry.mode for entry in self.entries if entry.path == path.encode()}
        if not modes & {"100644", "100755"}:
            return None
        return (self.folder / path).read_text(errors="replace")


def check_out(step: Step, folder: Path) -> Tree:
    """HEAD of SOURCE, in the new ``folder``. Raises ``Ended``: misused where that is no git tree, or not at COMMIT."""
    return _expected(step, folder, "SOURCE", step.inputs.source or Path(), "COMMIT", step.inputs.commit)


def check_out_upstream(step: Step, folder: Path) -> Tree:
    """HEAD of UPSTREAM, in the new ``folder``. Raises ``Ended`` as ``check_out`` does."""
    words = step.inputs
    return _expected(step, folder, "UPSTREAM", words.upstream or Path(), "UPSTREAM_COMMIT", words.upstream_commit)


def _expected(step: Step, folder: Path, name: str, source: Path, expects: str, expected: str) -> Tree:
    tree = tree_of(step, source, "HEAD", folder)
    if tree is None:
        raise Ended(Status.MISUSED, f"{name}={source} is no git tree with a commit: see above")
    if expected not in ("", tree.commit):
        raise Ended(Status.MISUSED, f"{name}={source} is at commit {tree.commit}, and {expects} is {expected}")
    step.log.say(f"commit {tree.commit}")
    return tree


def tree_of(step: Step, repository: Path, ref: str, folder: Path) -> Tree | None:
    """What ``ref`` names in ``repository``, in the new ``folder``; None where there is no such commit."""
    git(step, "init", "-q", "--template=", folder)
    (folder / ".git/info").mkdir(exist_ok=True)
    (folder / ".git/info/attributes").write_text(_ATTRIBUTES)
    if step.programs.run(["git", "-C", folder, "fetch", "-q", "--depth=1", repository, ref], environment=ENVIRONMENT):
        return None
    git(step, "-C", folder, "-c", "advice.detachedHead=false", "checkout", "-q", "FETCH_HEAD")
    commit, time = git(step, "-C", folder, "show", "-s", "--format=%H %ct", "HEAD").decode().split()
    return Tree(
        folder, commit, int(time), entries(git(step, "-C", folder, "ls-tree", "-r", "-z", "--full-tree", "HEAD"))
    )


def entries(listing: bytes) -> tuple[Entry, ...]:
    """The entries in the output of `git ls-tree -r -z`, sorted by path."""
    found = []
    for line in listing.split(b"\0")[:-1]:
        words, _, path = line.partition(b"\t")
        found.append(Entry(words.split()[0].decode(), path))
    return tuple(sorted(found, key=lambda entry: entry.path))


def git(step: Step, *words: str | Path) -> bytes:
    """What git says. Raises ``Ended`` (infrastructure) where it fails."""
    status, output = step.programs.output(["git", *words], environment=ENVIRONMENT)
    if status != 0:
        raise Ended(Status.INFRASTRUCTURE, f"git {os.fspath(words[-1])} ended with status {status}: see above")
    return output

"""The merger's repositories: one for each project, whatever their names, and what came of each merge in it.

Not about Python 3. Upstream takes whatever ends a merge early for a conflict. Here only what git's own index shows as
unmerged is one; anything else is told as what it is. A project's repository is in DIR/PROJECT/.git, where a web server
finds it by the project's name, and its working tree in .git/tree: so projects whose names begin with another's, such as
a/b and a/b/c, share no folder.
"""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Seconds for what has to be transferred, and for work on the merger's own disk.
TRANSFER = 3600
LOCAL = 900
# Bytes that must be free where a merge ended early, for it to be a conflict: a full disk ends merges the same way.
ROOM = 4 * 1024 * 1024
# git's exit status for a merge that it leaves to people; `ls-remote --exit-code` without such a reference.
CONFLICT, NO_SUCH_REFERENCE = 1, 2
# Characters of what git said that are told.
LONGEST = 300
# What a git that was killed may leave. Nobody else writes these.
_LOCKS = ("index.lock", "HEAD.lock", "config.lock", "shallow.lock")
# The same for references, beside their own locks. What clears old ones away writes these, too (zuul_refs.py), for a
# moment: they are nobody's after so many seconds.
_SHARED_LOCKS = ("packed-refs.lock", "packed-refs.new")
_STALE = 60


class UntestedError(Exception):
    """The merge could not be tried, or nobody knows what came of it: why, in words."""


class ConflictError(Exception):
    """The change cannot be merged as it is: why, in words."""


class GitError(UntestedError):
    """A command of git's that failed: its last words, and its exit status, negative where a signal ended it."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


def git(
    folder: str | Path, *words: str, seconds: float = LOCAL, also: Sequence[int] = (), options: Sequence[str] = ()
) -> tuple[str, int]:
    """What ``git`` printed, and its exit status, which is 0 or one of ``also``. Raises GitError."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0", "GIT_MERGE_AUTOEDIT": "no"}
    process = subprocess.Popen(
        ["git", "-C", str(folder), *options, *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        # With what it has started: ssh, index-pack…
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise GitError(f"git {words[0]} took longer than {seconds} s", -signal.SIGKILL) from None
    status = process.returncode
    if status != 0 and status not in also:
        raise GitError(_words(words[0], status, err), status)
    return out, status


def _words(command: str, status: int, err: str) -> str:
    """Why git failed: its own reason, in one line."""
    lines = [" ".join(line.split()) for line in err.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:"))]
    said = "; ".join(dict.fromkeys(fatal or lines[-1:])) or (
        f"it was ended by signal {-status}" if status < 0 else f"exit status {status}"
    )
    said = "".join(character if character.isprintable() else " " for character in said)
    return f"git {command}: {said if len(said) <= LONGEST else said[: LONGEST - 1] + '…'}"


class Repository:
    """The repository of one project, from ``url``, in ``path``; merges are made as ``email`` and ``name``."""

    def __init__(self, url: str, path: str | Path, email: str | None, name: str | None, log: logging.Logger) -> None:
        self._url = url
        self._path = Path(path)
        self._committer = {"user.email": email, "user.name": name}
        self._log = log
        self._opened = False

    @property
    def _git_folder(self) -> Path:
        return self._path / ".git"

    def _git(self, *words: str, **settings: Any) -> tuple[str, int]:
        # Named outright: where it is broken, git would look for another one above it, and find that of another project.
        try:
            return git(self._path, *words, options=[f"--git-dir={self._git_folder}"], **settings)
        except GitError:
            # It may have been killed at work, and left its locks: the next try opens the repository anew.
            self._opened = False
            raise

    def open(self) -> None:
        """Sees to it that there is a repository, whole or not at all. Raises UntestedError."""
        if self._opened and self._git_folder.exists():
            return
        try:
            if not self._git_folder.exists():
                self._clone()
            self._unlock()
            self._settle()
            # Each merge makes it anew: half of one would be in the way.
            (self._git_folder / "index").unlink(missing_ok=True)
        except GitError:
            self._heal()
            raise
        except OSError as error:
            raise UntestedError(f"the merger cannot use its disk: {error.strerror}") from error
        self._opened = True

    def update(self) -> None:
        """Fetches branches and tags; each branch is a branch here, too. Raises UntestedError."""
        self.open()
        # A tag may have been moved, a branch x removed for a branch x/y.
        self._fetch(["--tags", "--force", "--prune", "--prune-tags"], "HEAD")
        self._mirror()

    def branch(self, name: str) -> str:
        """The commit of a branch, as it was last fetched. Raises UntestedError."""
        commit = self.commit_of(f"refs/remotes/origin/{name}")
        if commit is None:
            raise UntestedError(f"there is no branch {name}")
        return commit

    def commit_of(self, reference: str) -> str | None:
        """The commit that a reference names; None where there is no such reference."""
        self.open()
        out, status = self._git("rev-parse", "--quiet", "--verify", f"{reference}^{{commit}}", also=(1,))
        return None if status else out.strip()

    def note(self, reference: str, commit: str) -> None:
        """Makes ``reference`` name ``commit``."""
        self._git("update-ref", reference, commit)

    def merge(self, base: str, reference: str, way: Sequence[str]) -> str:
        """Merges what the server has at ``reference`` into ``base``, by the words ``way`` of git's; the new commit.

        Raises ConflictError, and UntestedError.
        """
        self.open()
        self._check_out(base)
        self._fetch(["--no-tags"], reference)
        if way[0] == "merge" and self._git("merge-base", base, "FETCH_HEAD", also=(1,))[1]:
            raise ConflictError("it has no history in common with its branch")
        try:
            _, status = self._git(*way, "FETCH_HEAD", also=(CONFLICT,))
        except GitError:
            self._heal()
            raise
        if status:
            raise self._why_not_merged()
        return self._git("rev-parse", "--verify", "HEAD")[0].strip()

    def _why_not_merged(self) -> UntestedError | ConflictError:
        """What git has left to people; anything else that ends a merge, such as a full disk, is no conflict."""
        unmerged = self._git("ls-files", "--unmerged", "-z")[0].split("\0")
        files = list(dict.fromkeys(entry.partition("\t")[2] for entry in unmerged if entry))
        try:
            with tempfile.TemporaryFile(dir=self._git_folder) as probe:
                os.posix_fallocate(probe.fileno(), 0, ROOM)
        except OSError as error:
            return UntestedError(f"the merger cannot write to its disk: {error.strerror}")
        if not files:
            return UntestedError("git could not merge, and left no conflict")
        shown = ", ".join("".join(one if one.isprintable() else "?" for one in file)[:100] for file in files[:5])
        return ConflictError(f"conflicts in {shown}{f' and {len(files) - 5} more files' if len(files) > 5 else ''}")

    def _check_out(self, commit: str) -> None:
        """Puts ``commit`` into the working tree, and nothing else, whatever an earlier merge has left there."""
        self._git("update-ref", "--no-deref", "HEAD", commit)
        self._git("reset", "--quiet", "--hard", commit, "--")
        self._git("clean", "--quiet", "-x", "-d", "-f", "-f")

    def _fetch(self, options: Sequence[str], reference: str) -> None:
        """Fetches ``reference``, or with HEAD all branches. Raises UntestedError."""
        wanted = [] if reference == "HEAD" else [reference]
        try:
            self._git("fetch", "--quiet", *options, "--", "origin", *wanted, seconds=TRANSFER)
        except GitError as error:
            why = error
        else:
            return
        _, status = self._git(
            "ls-remote", "--quiet", "--exit-code", "--", "origin", reference,
            seconds=LOCAL, also=(NO_SUCH_REFERENCE, 128),
        )  # fmt: skip
        if status == NO_SUCH_REFERENCE and wanted:
            raise UntestedError(f"the review has no {reference} any more")
        if status == 0:
            # The server answers: is it ours that is broken?
            self._heal()
        raise why

    def _mirror(self) -> None:
        """Makes the branches here those that were fetched: jobs fetch them from here."""
        self._git("update-ref", "--no-deref", "HEAD", "HEAD^{commit}", also=(1, 128))
        theirs = self._branches("refs/remotes/origin/")
        theirs.pop("HEAD", None)
        ours = self._branches("refs/heads/")
        # Those that are gone first: x may have been removed for x/y.
        for name in sorted(set(ours) - set(theirs)):
            self._git("update-ref", "-d", f"refs/heads/{name}")
        for name in (name for name, commit in theirs.items() if ours.get(name) != commit):
            self._git("update-ref", f"refs/heads/{name}", theirs[name])

    def _branches(self, prefix: str) -> dict[str, str]:
        listed, _ = self._git("for-each-ref", "--format=%(objectname) %(refname)", prefix)
        pairs = (line.partition(" ") for line in listed.splitlines())
        return {name.removeprefix(prefix): commit for commit, _, name in pairs}

    def _clone(self) -> None:
        self._log.debug("Cloning %s to %s", self._url, self._path)
        self._path.mkdir(parents=True, exist_ok=True)
        # A merger that was killed left half a clone. No project's name begins with a dot and ends with a random word.
        for left in self._path.glob(".clone-*"):
            shutil.rmtree(left, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix=".clone-", dir=self._path))
        try:
            git(new, "clone", "--quiet", "--no-checkout", "--", self._url, "new", seconds=TRANSFER)
            (new / "new/.git").rename(self._git_folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _unlock(self) -> None:
        for name in _LOCKS:
            (self._git_folder / name).unlink(missing_ok=True)
        shared = (self._git_folder / name for name in _SHARED_LOCKS)
        for lock in (*shared, *(self._git_folder / "refs").rglob("*.lock")):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > _STALE:
                    lock.unlink()

    def _settle(self) -> None:
        """Its settings. A repository that was made by upstream has its files beside .git: they go."""
        if self._git("config", "--get", "core.worktree", also=(1,))[1]:
            for name in self._git("ls-files", "-z", "--full-name", also=(128,))[0].split("\0"):
                with contextlib.suppress(OSError):
                    (self._path / name).unlink()
        (self._git_folder / "tree").mkdir(exist_ok=True)
        wanted = {"core.worktree": "tree", "remote.origin.url": self._url, **self._committer}
        for key, value in wanted.items():
            if value and self._git("config", "--get", key, also=(1,))[0].strip() != value:
                self._git("config", key, value)

    def _heal(self) -> None:
        """Removes the repository where it is broken: the next try clones it again."""
        try:
            self._git("fsck", "--connectivity-only", "--no-dangling", "--no-progress")
        except GitError as error:
            if error.status < 0:
                # Nobody knows.
                return
            self._log.error("%s is broken, and cloned again: %s", self._path, error)
            shutil.rmtree(self._git_folder, ignore_errors=True)
            self._opened = False

"""The review's repository, with git itself."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(folder: Path, *words: str) -> str:
    names = ("-c", "user.name=a", "-c", "user.email=a@pkg.lab.test", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *names, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Review:
    """The review's repository: ``main``, and changes in refs/changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet", "--initial-branch", "main")
        self.first = self.commit({"file": "1\n", "other": "1\n"})

    def commit(self, files: dict[str, str]) -> str:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message", "a commit")
        return git(self.folder, "rev-parse", "HEAD")

    def change(self, number: int, files: dict[str, str], on: str = "main") -> str:
        """A change; returns its reference."""
        git(self.folder, "checkout", "--quiet", "--detach", on)
        return self._as_change(number, self.commit(files))

    def _as_change(self, number: int, commit: str) -> str:
        reference = f"refs/changes/{number:02}/{number}/1"
        git(self.folder, "update-ref", reference, commit)
        git(self.folder, "checkout", "--quiet", "--force", "main")
        return reference

    def submodules(self, number: int, commit: str) -> str:
        """A change with a submodule at ``commit``."""
        git(self.folder, "checkout", "--quiet", "--detach", "main")
        git(self.folder, "update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
        git(self.folder, "commit", "--quiet", "--message", "a submodule")
        return self._as_change(number, git(self.folder, "rev-parse", "HEAD"))

    def unrelated(self, number: int) -> str:
        git(self.folder, "checkout", "--quiet", "--orphan", "new")
        return self._as_change(number, self.commit({"file": "new\n"}))

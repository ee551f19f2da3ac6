"""An upstream project beside the packaging, for the tests: two repositories that grow."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path

from pkgci_steps.settings import Project, Source, Target
from pkgci_steps.step import Step

from .conftest import AUTHOR

PROJECT = "packaging/greet"
UPSTREAM = "openstack/greet"
FILES = {
    "setup.py": "import setuptools\nsetuptools.setup(setup_requires=['pbr'], pbr=True)\n",
    "setup.cfg": "[metadata]\nname = python-greet\n",
    "greet/__init__.py": "",
    "greet/words.txt": "hello\n",
    ".gitignore": "*.pyc\n",
    "debian/rules": "upstream's own\n",
}


class Repository:
    """A git repository with a branch main."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run(["git", "init", "-q", "--initial-branch=main", folder], check=True)

    def git(self, *words: str) -> str:
        environment = {**os.environ, **AUTHOR, "GIT_AUTHOR_DATE": self.date, "GIT_COMMITTER_DATE": self.date}
        command = ["git", "-C", str(self.folder), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()

    date = "1700000000 +0000"

    def commit(self, message: str = "x", files: dict[str, str] | None = None) -> str:
        """Commits ``files``, or nothing new; returns the commit."""
        for name, text in (files or {}).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            self.git("add", "-f", name)
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def merge(self, message: str, *, commits: int = 1) -> str:
        """Merges a branch with that many commits, by a merge commit."""
        self.git("checkout", "-q", "-b", "change")
        for _ in range(commits):
            self.commit(message)
        self.git("checkout", "-q", "main")
        self.git("merge", "-q", "--no-ff", "--no-edit", "change")
        self.git("branch", "-q", "-D", "change")
        return self.git("rev-parse", "HEAD")


def with_upstream(step: Step, target: str = "trixie", **inputs: object) -> Step:
    """The same step, of a project whose upstream is a project of its own, with its git tree in `upstream`."""
    project = Project(PROJECT, (target,), source=Source("project", project=UPSTREAM))
    targets = {**step.settings.targets, "el9": Target("el9", "rpm", backend="mock", mock_root="el9")}
    settings = dataclasses.replace(step.settings, projects={PROJECT: project}, targets=targets)
    upstream = (step.inputs.source or Path()).parent / "upstream"
    told = dataclasses.replace(step.inputs, **{"target": target, "upstream": upstream, **inputs})  # type: ignore[arg-type]
    return dataclasses.replace(step, settings=settings, inputs=told)

"""The programs that Puppet installs on slaves, loaded from the manifests' files, and what they work with."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

MODULES = Path(__file__).parents[3] / "puppet/site-modules"


def load(path: str) -> ModuleType:
    """One of Puppet's Python files as a module."""
    file = MODULES / path
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def runner() -> ModuleType:
    """pkgci-job."""
    return load("job_runner/files/pkgci_job.py")


@pytest.fixture(scope="session")
def cleaner() -> ModuleType:
    """clean-workspaces."""
    return load("jenkins_agent/files/clean_workspaces.py")


def git(folder: Path, *arguments: str) -> str:
    identity = {
        f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={**os.environ, **identity, "GIT_CONFIG_GLOBAL": "/dev/null"},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def change(tmp_path: Path) -> Callable[[str | None], str]:
    """Makes the merger's repository of packaging/hello, whose change has the program ci/build; gives its commit."""

    def make(program: str | None) -> str:
        repository = tmp_path / "p/packaging/hello"
        repository.mkdir(parents=True)
        git(repository, "init", "--quiet", "--initial-branch=main")
        if program is not None:
            (repository / "ci").mkdir()
            (repository / "ci/build").write_text(program)
            (repository / "ci/build").chmod(0o755)
        git(repository, "add", "-A")
        git(repository, "commit", "--quiet", "--allow-empty", "-m", "a change")
        git(repository, "update-ref", "refs/zuul/main/Z1", "HEAD")
        return git(repository, "rev-parse", "HEAD")

    return make

"""Git trees to build."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pkgci_steps.build.git import Tree, check_out
from pkgci_steps.build.origins import released
from pkgci_steps.step import Step

CHANGELOG = (
    "greet (1.0-1) unstable; urgency=medium\n\n  * New.\n\n -- Ann <ann@example.org>  Mon, 05 Jan 2026 09:00:00 +0000\n"
)
PACKAGE = {
    "README": "hello\n",
    "debian/changelog": CHANGELOG,
    "debian/control": "Source: greet\n",
    "debian/rules": "#!/usr/bin/make -f\n",
    "debian/source/format": "3.0 (quilt)\n",
}
AUTHOR = {f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

Commit = Callable[..., str]


def told(step: Step, **words: str) -> Step:
    """The same step with other inputs."""
    return dataclasses.replace(step, inputs=dataclasses.replace(step.inputs, **words))


@pytest.fixture(autouse=True)
def nothing_released(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks the network for what was released."""
    monkeypatch.setattr(released, "repositories", lambda step, target: ())


@pytest.fixture
def commit(tmp_path: Path) -> Commit:
    """Commits files (path → text, a link's target after ``-> ``) to SOURCE, in place of all others; returns the id."""
    source = tmp_path / "source"

    def make(files: Mapping[str, str], time: int = 1_700_000_000) -> str:
        git = ["git", "-C", str(source), "-c", "core.autocrlf=false"]
        if not source.exists():
            subprocess.run(["git", "init", "-q", str(source)], check=True)
        subprocess.run([*git, "rm", "-rqf", "--ignore-unmatch", "."], check=True)
        for name, text in files.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text.startswith("-> "):
                path.symlink_to(text.removeprefix("-> "))
            else:
                path.write_text(text)
        subprocess.run([*git, "add", "-A", "-f"], check=True, capture_output=True)
        dates = {"GIT_AUTHOR_DATE": f"{time} +0000", "GIT_COMMITTER_DATE": f"{time} +0000"}
        subprocess.run([*git, "commit", "-q", "-m", "x"], check=True, env={**os.environ, **AUTHOR, **dates})
        return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()

    return make


@pytest.fixture
def checked_out(step: Step, tmp_path: Path) -> Callable[[str], Tree]:
    """Checks SOURCE out into a new folder."""
    return lambda name: check_out(step, tmp_path / name)

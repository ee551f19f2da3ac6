"""Foreign trees and git repositories, made here."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pkgci.model.load import load_site
from pkgci.model.site import Site
from tests.unit.conftest import SITE

TREE = {
    "manifests/site.pp": "node default { hiera_include('classes') }\n",
    "modules/ci/manifests/init.pp": "class ci {}\n",
    "hieradata/common.yaml": "classes: [ci]\n",
}


def write_files(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@dataclass(frozen=True)
class Repository:
    """A git repository with a tree of manifests in it."""

    folder: Path

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def commit(self, files: dict[str, str]) -> str:
        """A new commit with ``files``; its name."""
        write_files(self.folder, files)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", "x")
        return git(self.folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "upstream"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    made = Repository(folder)
    made.commit(TREE)
    return made


ForeignSite = Callable[..., Site]


@pytest.fixture
def foreign_site(write_site: Callable[[str], Path], tmp_path: Path) -> ForeignSite:
    """A site with ``manifests:`` as given, and a tree in the folder ``tree`` beside its file."""

    def make(manifests: str = "{path: tree}", files: dict[str, str] | None = None, more: str = "") -> Site:
        write_files(tmp_path / "tree", TREE if files is None else files)
        return load_site(write_site(f"{SITE}manifests: {manifests}\n{more}"))

    return make

"""The example packages whose upstream is not in their tree, each with what a project of that kind has beside it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.lab.conftest import CHECKOUT
from tests.real.archive import Archive


@dataclass(frozen=True)
class Example:
    """One package of ``examples/packages``, and the site file's words about it.

    ``upstream`` is the example that is its upstream's project, ``tag`` what upstream's release is called there or in
    its own tree. ``tarball`` is what it pins, which is the archive's source ``original``'s.
    """

    source: str
    target: str | None = None
    upstream: str = ""
    tag: str = ""
    tarball: str = ""
    original: str = ""


PACKAGES = {
    "linewidth": Example("git-buildpackage", tag="v1.0.0"),
    "hello-dist-git": Example("tarball", target="rpm", tarball="hello-2.10.tar.gz", original="hello"),
    "hostnote-packaging": Example("{project: real/hostnote}", upstream="hostnote", tag="1.2.0"),
}


def write(name: str, archive: Archive, folder: Path) -> None:
    """Writes the tree of the example ``name`` to ``folder``/tree, and to ``folder``/upstream or ``folder``/web what it
    needs. Raises ``UnavailableError``."""
    example = PACKAGES[name]
    tree = folder / "tree"
    copy(name, tree)
    if example.upstream:
        copy(example.upstream, folder / "upstream")
        commit(folder / "upstream", "First release", example.tag)
    elif example.tag:
        shutil.move(tree / "debian", folder / "debian")
        commit(tree, "First release", example.tag)
        shutil.move(folder / "debian", tree / "debian")
    if example.tarball:
        original = archive.original(example.original, folder / "archive")
        (folder / "web").mkdir()
        shutil.copyfile(original, folder / "web" / example.tarball)


def copy(name: str, folder: Path) -> None:
    """Copies the tree of the example ``name``."""
    shutil.copytree(CHECKOUT / "examples/packages" / name, folder, ignore=shutil.ignore_patterns("__pycache__"))


def commit(folder: Path, message: str, tag: str = "") -> None:
    """Commits all that is in ``folder``, and gives it a ``tag``."""
    git = ["git", "-C", str(folder)]
    who = ["-c", "user.name=Upstream", "-c", "user.email=upstream@example.org"]
    if not (folder / ".git").exists():
        subprocess.run([*git, "init", "-q", "--initial-branch=main"], check=True)
    subprocess.run([*git, "add", "--all", "--force"], check=True)
    subprocess.run([*git, *who, "commit", "-q", "-m", message], check=True)
    if tag:
        subprocess.run([*git, "tag", tag], check=True)

"""Repositories in git-buildpackage's layout, made by git-buildpackage itself, and source packages made of them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from pkgci_steps.build import source
from pkgci_steps.build.git import check_out
from pkgci_steps.build.origins import differences, gbp
from pkgci_steps.step import Step

from ..conftest import AUTHOR, CHANGELOG

UPSTREAM = {"README": "hello\n", "src/greet.c": "int main(void) { return 0; }\n"}
PACKAGING = {
    "debian/changelog": CHANGELOG,
    "debian/control": "Source: greet\nSection: misc\nPriority: optional\nMaintainer: Ann <ann@example.org>\n"
    "Standards-Version: 4.7.0\n\nPackage: greet\nArchitecture: all\nDescription: a greeting\n It greets.\n",
    "debian/rules": "#!/usr/bin/make -f\n",
    "debian/source/format": "3.0 (quilt)\n",
}


@dataclass(frozen=True)
class Repository:
    """A git repository at ``folder``. Whatever runs in it knows neither the host's settings nor somebody's own."""

    folder: Path

    def run(self, *command: str) -> str:
        own = {"GIT_CONFIG_GLOBAL": "/dev/null", "GBP_CONF_FILES": "/dev/null", "EMAIL": "x@y"}
        done = subprocess.run(
            command, cwd=self.folder, check=True, capture_output=True, text=True, env={**os.environ, **AUTHOR, **own}
        )
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str], *removed: str) -> str:
        """Adds ``files`` to the branch that is checked out; returns the commit."""
        for name in removed:
            self.run("git", "rm", "-rq", name)
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        self.run("git", "add", "-A", "-f")
        self.run("git", "commit", "-q", "--allow-empty", "-m", "x")
        return self.run("git", "rev-parse", "HEAD")

    def import_orig(self, *tarballs: Path, options: tuple[str, ...] = ()) -> None:
        """`gbp import-orig --pristine-tar` of the first one, of which the others are components."""
        components = [f"--component={file.name.split('.orig-')[1].split('.tar')[0]}" for file in tarballs[1:]]
        words = ["--pristine-tar", "--no-interactive", "--upstream-version=1.0", "--debian-branch=main"]
        self.run("gbp", "import-orig", *words, *components, *options, str(tarballs[0]))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "source"
    folder.mkdir()
    made = Repository(folder)
    made.run("git", "init", "-q", "-b", "main")
    return made


@pytest.fixture
def tarball(tmp_path: Path) -> Callable[..., Path]:
    """Makes a tarball that nobody would make a second time: by its times, its order and its owner."""

    def make(name: str, files: Mapping[str, str], top: str = "greet-1.0/") -> Path:
        path = tmp_path / name
        with tarfile.open(path, f"w:{name.rpartition('.')[2]}", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
            for number, (file, text) in enumerate(reversed(files.items())):
                entry = tarfile.TarInfo(top + file)
                entry.size, entry.mtime, entry.uname = len(text), 1_234_567_890 + number, "upstream"
                archive.addfile(entry, BytesIO(text.encode()))
        return path

    return make


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs here, as oneself, what would run as nobody and offline."""

    def run(
        step: Step, command: list[str | Path], folder: Path, *, environment: Mapping[str, str] | None = None
    ) -> int:
        return step.programs.run(command, environment=environment, folder=folder)

    for module in (source, gbp, differences):
        monkeypatch.setattr(module, "offline", run)


@pytest.fixture
def made(step: Step, tmp_path: Path, here: None) -> Callable[[], dict[str, str]]:
    """Makes the source package of SOURCE: the checksums of the files that its .dsc names."""

    def make() -> dict[str, str]:
        tree = check_out(step, tmp_path / "tree")
        room = tmp_path / "room"
        room.mkdir()
        dsc = source.make_source(step, tree, "trixie", room).dsc
        listed = dsc.read_text().partition("Checksums-Sha256:\n")[2].partition("Files:")[0].splitlines()
        found = {line.split()[2]: line.split()[0] for line in listed}
        for name, checksum in found.items():
            assert sha256(dsc.parent / name) == checksum
        return found

    return make


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()

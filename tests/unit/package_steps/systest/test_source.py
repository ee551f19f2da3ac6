"""The source package whose tests are run: the one that was published, unpacked by dpkg-source."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from pkgci_steps.install.root import Root, Said
from pkgci_steps.report import sha256
from pkgci_steps.review import Build, File
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step
from pkgci_steps.systest import source

CONTROL = (
    "Source: greet\nMaintainer: A <a@pkg.lab.test>\nStandards-Version: 4.7.0\n\nPackage: greet\nArchitecture: all\n"
)
CHANGELOG = "greet (1.0) unstable; urgency=low\n\n  * One.\n\n -- A <a@pkg.lab.test>  Thu, 01 Jan 2026 00:00:00 +0000\n"
LONG_AGO = 1_000_000_000


@dataclass
class System:
    folder: Path
    inside: tuple[str, ...] = ("env",)


@dataclass
class Here:
    """A root in a folder, to which apt has fetched what lies there."""

    system: System
    sums_are: dict[str, str] = field(default_factory=dict)
    status: int = 0
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *command: str, network: bool = False, seconds: float = 0) -> Said:
        self.asked.append(command)
        return Said(self.status, "")

    def sums(self, _pattern: str) -> dict[str, str]:
        return self.sums_are


def published(**sums: str) -> Build:
    names = {"dsc": "greet_1.0.dsc", "tar": "greet_1.0.tar.xz"}
    files = [File(names[kind], 1, checksum, "greet", "1.0", "source", "greet") for kind, checksum in sums.items()]
    binary = File("greet_1.0_all.deb", 1, "c" * 64, "greet", "1.0", "all", "greet")
    return Build("packaging/greet", "trixie", "Z1", (*files, binary))


def root(tmp_path: Path, **more: Any) -> Root:
    return cast(Root, Here(System(tmp_path / "root"), **more))


def test_what_is_fetched_is_the_source_package_that_was_published(tmp_path: Path) -> None:
    there = root(tmp_path, sums_are={"a" * 64: "", "b" * 64: ""})
    assert source.fetch(there, published(dsc="a" * 64, tar="b" * 64)).name == "greet_1.0.dsc"
    assert cast(Here, there).asked[0][-1] == "greet=1.0"


@pytest.mark.parametrize("sums", [{}, {"a" * 64: ""}])
def test_another_source_package_than_the_published_one_is_refused(tmp_path: Path, sums: dict[str, str]) -> None:
    with pytest.raises(Ended) as ended:
        source.fetch(root(tmp_path, sums_are=sums), published(dsc="a" * 64, tar="b" * 64))
    assert ended.value.status is Status.INFRASTRUCTURE
    assert "another greet_1.0" in ended.value.reason


def test_a_build_without_a_source_package_is_infrastructure(tmp_path: Path) -> None:
    with pytest.raises(Ended) as ended:
        source.fetch(root(tmp_path), published())
    assert ended.value.status is Status.INFRASTRUCTURE


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    """A root where the source package of a small tree lies, whose files have times of their own."""
    if not shutil.which("dpkg-source"):
        pytest.skip("dpkg-source is not here")
    tree, folder = tmp_path / "greet-1.0", tmp_path / "root/source"
    (tree / "debian/source").mkdir(parents=True)
    (tree / "debian/source/format").write_text("3.0 (native)\n")
    (tree / "debian/control").write_text(CONTROL)
    (tree / "debian/changelog").write_text(CHANGELOG)
    (tree / "old").write_text("")
    os.utime(tree / "old", (LONG_AGO, LONG_AGO))
    folder.mkdir(parents=True)
    subprocess.run(["dpkg-source", "--build", tree], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def unisolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`unshare`, which not everybody may use, only runs the command, in the system of this machine."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/unshare").write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n')
    (tmp_path / "bin/unshare").chmod(0o755)
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    monkeypatch.setattr(source, "bare", lambda folder, inside, who: [*inside])
    monkeypatch.setattr("pkgci_steps.programs.plain_environment", lambda home: {"PATH": path, "HOME": str(home)})


@pytest.mark.usefixtures("unisolated")
def test_the_tree_is_as_dpkg_source_unpacks_it_with_the_files_own_times(
    step: Step, tmp_path: Path, fetched: Path
) -> None:
    (tmp_path / "desk").mkdir()
    there = root(tmp_path)
    package = source.unpacked(step, there, Path("/source/greet_1.0.dsc"), tmp_path / "desk")
    assert (package.tree / "old").stat().st_mtime == LONG_AGO
    assert package.file.is_file()
    assert source.as_built(step, there, package) == package.tree
    assert (package.tree / "debian/files").read_text() == ""


@pytest.mark.usefixtures("unisolated")
def test_a_source_package_that_cannot_be_unpacked_is_at_fault(step: Step, tmp_path: Path, fetched: Path) -> None:
    (tmp_path / "desk").mkdir()
    tarball = next(fetched.glob("*.tar.*"))
    assert sha256(tarball)
    tarball.write_bytes(b"none")
    with pytest.raises(Ended) as ended:
        source.unpacked(step, root(tmp_path), Path("/source/greet_1.0.dsc"), tmp_path / "desk")
    assert ended.value.status is Status.FAILED

"""A publisher with the real tools for Debian packages, and packages made for it. Signatures are stand-ins'."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pkgci_steps.inputs import Inputs

from .conftest import World
from .tools import Tools

_NEEDED = ("dpkg-deb", "apt-ftparchive", "apt-get", "dose-debcheck")
needs_tools = pytest.mark.skipif(
    any(shutil.which(name) is None for name in _NEEDED), reason=f"needs {', '.join(_NEEDED)}"
)


@dataclass(frozen=True)
class Package:
    """A package to make; ``fields`` are further lines of its control data."""

    name: str
    architecture: str = "amd64"
    fields: str = ""
    suffix: str = ".deb"


class RealTools(Tools):
    """The real dpkg-deb, apt-ftparchive and dose-debcheck."""

    def _dpkg_deb(self, words: list[str], folder: Path) -> tuple[int, bytes]:
        return _run("dpkg-deb", words, folder)

    def _apt_ftparchive(self, words: list[str], folder: Path) -> tuple[int, bytes]:
        return _run("apt-ftparchive", words, folder)

    def _dose_debcheck(self, words: list[str], folder: Path) -> tuple[int, bytes]:
        return _run("dose-debcheck", words, folder)


def _run(program: str, words: list[str], folder: Path) -> tuple[int, bytes]:
    done = subprocess.run([program, *words], cwd=folder, capture_output=True, check=False)
    return done.returncode, done.stdout


class RealWorld(World):
    """A publisher with them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, RealTools())

    def build_of(self, inputs: Inputs, source: str, version: str, packages: Iterable[Package]) -> Path:
        """What a build of these packages leaves on the build host; returns where."""
        folder = self.folder / "builds" / inputs.build_id / inputs.target
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for package in packages:
            _make(folder, source, version, package)
        archive = f"{source}_{_in_names(version)}.tar.xz"
        (folder / archive).write_bytes(b"the source")
        _describe(folder, source, version, archive)
        self.say(folder, inputs)
        return folder


def client(world: World, repository: str, architecture: str, component: str = "main") -> list[str]:
    """The packages that apt on a machine of ``architecture`` finds in a repository, which it reads from the disk."""
    folder = world.folder / f"client-{architecture}-{component.replace('/', '-')}"
    shutil.rmtree(folder, ignore_errors=True)
    served = folder / "deb"
    shutil.copytree(world.publisher.public / repository / "current/deb", served)
    for signature in (*served.rglob("InRelease"), *served.rglob("Release.gpg")):
        signature.unlink()  # no OpenPGP: apt takes Release, and is told to trust it
    (folder / "lists/partial").mkdir(parents=True)
    (folder / "cache/archives/partial").mkdir(parents=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb [trusted=yes] copy:{served} trixie {component}\n")
    options = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::Status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Update::Error-Mode": "any",
        "APT::Sandbox::User": "root",
    }
    words = [f"-o{name}={value}" for name, value in options.items()]
    subprocess.run(["apt-get", "-q", *words, "update"], check=True, capture_output=True)
    found = subprocess.run(["apt-cache", *words, "dumpavail"], check=True, capture_output=True, text=True).stdout
    return sorted(line[9:] for line in found.splitlines() if line.startswith("Package: "))


def _make(folder: Path, source: str, version: str, package: Package) -> None:
    tree = folder / ".tree"
    (tree / "DEBIAN").mkdir(parents=True)
    tree.chmod(0o755)
    (tree / "DEBIAN").chmod(0o755)
    origin = f"Source: {source}\n" if package.name != source else ""
    (tree / "DEBIAN/control").write_text(
        f"Package: {package.name}\n{origin}Version: {version}\nArchitecture: {package.architecture}\n"
        f"Maintainer: A <a@pkg.lab.test>\n{package.fields}Description: a package of the tests\n"
    )
    path = folder / f"{package.name}_{_in_names(version)}_{package.architecture}{package.suffix}"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, path], check=True, capture_output=True)
    shutil.rmtree(tree)


def _describe(folder: Path, source: str, version: str, archive: str) -> None:
    content = (folder / archive).read_bytes()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    (folder / f"{source}_{_in_names(version)}.dsc").write_text(
        f"Format: 3.0 (native)\nSource: {source}\nBinary: {source}\nArchitecture: any\nVersion: {version}\n"
        f"Maintainer: A <a@pkg.lab.test>\nStandards-Version: 4.7.0\n"
        f"Checksums-Sha256:\n {hashlib.sha256(content).hexdigest()} {len(content)} {archive}\n"
        f"Files:\n {md5} {len(content)} {archive}\n"
    )


def _in_names(version: str) -> str:
    """A version in the names of files: they have no epoch."""
    return version.rpartition(":")[2]

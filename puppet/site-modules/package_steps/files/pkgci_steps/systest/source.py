"""The source package that was built: fetched from the change's repository, and unpacked as every distribution does.

What is fetched lies in the root while there is a network, and on the desk afterwards. Who unpacks it is nobody on the
slave, and has no network.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..install.root import Root
from ..namespaces import bare
from ..review import Build, File
from ..status import Ended, Status
from ..step import Step

# In the root, until it is on the desk.
_FOLDER = "/var/cache/pkgci-source"
_FETCH = """\
mkdir -m 0755 "$1"
chown _apt "$1"
cd "$1"
exec apt-get --quiet source --download-only --only-source "$2"
"""
# As autopkgtest does it with a tree that it made itself.
_MARK = 'chmod -R a+rX "$1" && touch "$1/debian/files"'


@dataclass(frozen=True)
class Package:
    """A source package on the desk: its .dsc, and the tree that it is of."""

    file: Path
    tree: Path


def described(build: Build) -> File:
    """The .dsc among what was published. Raises ``Ended`` (infrastructure): there is none."""
    found = [file for file in build.files if file.name.endswith(".dsc")]
    if len(found) != 1:
        raise Ended(Status.INFRASTRUCTURE, f"{len(found)} source packages were published for {build.target}, not one")
    return found[0]


def fetch(root: Root, build: Build) -> Path:
    """Fetches the source package of ``build``; returns the path of its .dsc in ``root``.

    Raises ``Ended`` (infrastructure), also where another one is there than the one that was published.
    """
    wanted = described(build)
    said = root.run("sh", "-ec", _FETCH, "sh", _FOLDER, f"{wanted.package}={wanted.version}", network=True)
    if said.status != 0:
        raise Ended(Status.INFRASTRUCTURE, f"{wanted.name} cannot be fetched: apt-get ended with status {said.status}")
    sums = root.sums(f"{_FOLDER}/*")
    for file in build.files:
        if file.architecture == wanted.architecture and file.sha256 not in sums:
            raise Ended(Status.INFRASTRUCTURE, f"another {file.name} was fetched than the one that was published")
    return Path(_FOLDER, wanted.name)


def unpacked(step: Step, root: Root, file: Path, desk: Path) -> Package:
    """The source package whose .dsc is ``file`` in ``root``, unpacked on the desk.

    Raises ``Ended``: the package is at fault where it cannot be unpacked.
    """
    inside, there, tree = root.system.inside, desk / "source", desk / "tree"
    copy: list[str | Path] = [*inside, "cp", "--recursive", f"{root.system.folder}{file.parent}", there]
    step.programs.must("put the source package on the desk", copy)
    unpack = [*bare(desk, inside, ()), "dpkg-source", "--extract", there / file.name, tree]
    if step.programs.run(unpack, folder=Path("/")) != 0:
        raise Ended(Status.FAILED, f"{file.name} cannot be unpacked: see the log")
    return Package(there / file.name, tree)


def as_built(step: Step, root: Root, package: Package) -> Path:
    """The tree of ``package``, marked so that autopkgtest takes it as it is: no test needs it built.

    From a .dsc, or from any other tree, autopkgtest first makes one in a system where it installs what that takes.
    Raises ``Ended`` (infrastructure).
    """
    mark: list[str | Path] = [*root.system.inside, "sh", "-ec", _MARK, "sh", package.tree]
    step.programs.must("mark the source tree", mark)
    return package.tree


def forget(root: Root) -> None:
    """Takes what was fetched out of ``root``."""
    root.run("rm", "--recursive", _FOLDER)

"""Which files DEB packages have: read once of each package, and remembered by its checksum."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

from .. import files
from ..install.apt import Apt
from ..status import Ended, Status
from .world import Package

# A line for each file of the package whose checksum is the file's name. Puppet makes the folder.
MEMORY = Path("/srv/pkgci/contents")
# One command line takes so many.
_AT_ONCE = 100
_LINE = re.compile(r"(\S)\S{9} +\S+ +\S+ +\S+ +\S+ \.(/.*)")


def of(apt: Apt, packages: Sequence[Package], memory: Path = MEMORY) -> dict[Package, frozenset[str]]:
    """The paths in each package, folders apart. Those that are not remembered are fetched.

    Raises ``Ended`` (infrastructure).
    """
    missing = [package for package in packages if not _place(memory, package).exists()]
    for start in range(0, len(missing), _AT_ONCE):
        _learn(apt, missing[start : start + _AT_ONCE], memory)
    found = {}
    for package in packages:
        place = _place(memory, package)
        os.utime(place)  # what nobody asks for any more is forgotten
        found[package] = frozenset(place.read_text().splitlines())
    return found


def fetched(apt: Apt, packages: Sequence[Package]) -> tuple[str, dict[str, str]]:
    """A folder in the root with ``packages``, and their checksums → their files there.

    Raises ``Ended`` (infrastructure).
    """
    words = [f"{package.name}:{package.architecture}={package.version}" for package in packages]
    folder = f"/tmp/contents-{time.monotonic_ns()}"  # noqa: S108 (in a root that nobody else has)
    script = 'mkdir "$1" && chmod 777 "$1" && cd "$1" && shift && exec apt-get --quiet download "$@"'
    said = apt.root.run("sh", "-c", script, "sh", folder, *words, network=True)
    if said.status != 0:
        raise Ended(Status.INFRASTRUCTURE, f"released packages cannot be fetched: {said.text.strip()[-300:]}")
    sums = apt.root.sums(f"{folder}/*.deb")
    for package in packages:
        if package.sha256 not in sums:
            raise Ended(Status.INFRASTRUCTURE, f"another {package} was fetched than the one that is in the index")
    return folder, sums


def _learn(apt: Apt, packages: Sequence[Package], memory: Path) -> None:
    folder, sums = fetched(apt, packages)
    for package in packages:
        listed = apt.root.ask("dpkg-deb", "--contents", sums[package.sha256])
        files.write(_place(memory, package), "".join(f"{path}\n" for path in paths(listed)))
    apt.root.run("rm", "-r", folder)


def _place(memory: Path, package: Package) -> Path:
    return memory / package.sha256


def paths(listed: str) -> list[str]:
    """The paths in the output of ``dpkg-deb --contents``, folders apart, as they are where /bin is /usr/bin."""
    found = []
    for line in listed.splitlines():
        match = _LINE.fullmatch(line)
        if match and match[1] != "d":
            path = match[2].partition(" -> ")[0].partition(" link to ")[0]
            found.append(merged(path))
    return found


def merged(path: str) -> str:
    """Where ``path`` is on a system whose /bin is /usr/bin."""
    return re.sub(r"^/(bin|sbin|lib|lib64|lib32)/", r"/usr/\1/", path)

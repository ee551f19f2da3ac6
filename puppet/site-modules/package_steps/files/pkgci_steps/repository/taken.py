"""Whether the version of a package is taken: by the distribution, by what was released, or by a change ahead.

One version with two contents is two packages that apt and dnf take for one. What check builds has a mark at the end of
its version: what counts is the version that the release would have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..settings import Target
from ..status import Ended, Status
from . import versions
from .built import Built, release_version
from .known import Known
from .manifest import Entry, File

_SOURCES = ("source", "src")
# Kind of target → where the version of a package is written.
_WRITTEN = {"deb": "debian/changelog", "rpm": "the spec file"}


def by_distribution(built: Built, known: Known, target: Target, site: str) -> None:
    """Raises ``Ended`` (failed) where the distribution has one of the packages in this version, with other content."""
    for file in _packages(built):
        version = release_version(file.version)
        contents = {one.sha256 for one in known.named(file.package) if one.sha256 and one.version == version}
        if contents and file.sha256 not in contents:
            where = _place(version, built, target)
            own = f"{version}+{re.sub('[^A-Za-z0-9]', '', site)}1"
            hint = "" if target.version_suffix else ", or let the target have a `version_suffix:` in the site file"
            raise Ended(
                Status.FAILED,
                f"{file.package} {version} is in the distribution ({target.suite}) too, with other content: name a "
                f"version of your own {where}, such as {own}{hint}",
            )


def by_release(built: Built, released: Sequence[Entry], target: Target, *, tree: str = "", ahead: str = "") -> None:
    """Raises ``Ended`` (failed) where one of the ``released`` has this version, with other content.

    ``tree`` is the git tree that was built: what check builds of the very tree that was released is no other content.
    ``ahead`` names the change that is to release them.
    """
    version = release_version(built.version)
    where = f"is of change {ahead} too, which is ahead of this one" if ahead else "was released before"
    others = [entry for entry in released if built.version == version or not tree or entry.tree != tree]
    own = {(file.name, file.content) for file in built.files}
    of_source = [entry for entry in others if entry.source == built.source]
    for entry in of_source:
        if entry.version == version and own != {(file.name, file.content) for file in entry.files}:
            latest = versions.newest(target.kind, [one.version for one in of_source])
            raise _refused(f"{built.source} {version} {where}", _place(version, built, target), latest, target)
    for file in _packages(built):
        version = release_version(file.version)
        there = _contents(file.package, version, released if version == file.version else others)
        if there - {file.content}:
            raise _refused(f"{file.package} {version} {where}", _place(version, built, target), version, target)


def _contents(package: str, version: str, entries: Iterable[Entry]) -> set[str]:
    """What there is of a package in one version."""
    files = (file for entry in entries if package in entry.names for file in _packages(entry))
    return {file.content for file in files if (file.package, file.version) == (package, version)}


def following(version: str, target: Target) -> str:
    """The version after ``version``, as somebody writes it: without what the target adds."""
    if target.kind == "rpm":
        # The release's first number: what follows is the distribution's mark.
        return re.sub(r"-([0-9]+).*$", lambda found: f"-{int(found[1]) + 1}", version)
    plain = version.removesuffix(target.version_suffix)
    return re.sub(r"([0-9]+)[^0-9]*$", lambda found: str(int(found[1]) + 1), plain)


def _place(version: str, built: Built, target: Target) -> str:
    """Where the ``version`` of a package is written: its source's, or one of its own."""
    return f"in {_WRITTEN[target.kind]}" if version == release_version(built.version) else "for this package"


def _refused(what: str, where: str, latest: str, target: Target) -> Ended:
    return Ended(
        Status.FAILED,
        f"{what}, with other content: name the next version {where}, such as {following(latest, target)}",
    )


def _packages(of: Built | Entry) -> Iterable[File]:
    return (file for file in of.files if file.architecture not in _SOURCES)

"""A released tarball never changes its bytes: later revisions of its version get the very same file.

The signed lists of the repositories say which ones there are; apt reads them, with settings of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ... import review
from ...report import sha256
from ...settings import Target
from ...status import Ended, Status
from ...step import Step
from ..changelog import Release
from ..git import Tree
from . import differences
from .upstream import Upstream, Wanted

# No setting of the host's, no list of its own, and nobody else's identity.
_SETTINGS = """\
Dir "{folder}";
Dir::Etc "{folder}";
Dir::Etc::parts "{folder}/empty";
Dir::Etc::sourcelist "{folder}/pkgci.sources";
Dir::Etc::sourceparts "{folder}/empty";
Dir::State "{folder}/state";
Dir::State::status "/dev/null";
Dir::Cache "{folder}/cache";
Dir::Log "{folder}/log";
Acquire::Languages "none";
Acquire::Retries "2";
APT::Update::Error-Mode "any";
APT::Sandbox::User "root";
"""
_LISTED = re.compile(r"^ ([0-9a-f]{64}) +[0-9]+ ([A-Za-z0-9][A-Za-z0-9._+~-]*)$", re.MULTILINE)


@dataclass(frozen=True)
class Earlier:
    """A source package of the same upstream version: its ``version``, and its upstream files (name → SHA-256)."""

    version: str
    files: Mapping[str, str]


def kept(step: Step, wanted: Wanted, found: Upstream, room: Path, packed_of: Tree | None) -> Upstream:
    """``found``, or what was released of this version instead, where that has the same content.

    ``packed_of`` is the tree where ``found`` was packed of that. Raises ``Ended`` (failed) for other content.
    """
    target = step.settings.target(step.inputs.target)
    for repository in repositories(step, target):
        folder = room / repository.name
        folder.mkdir()
        before = _look(step, target, repository, wanted, folder)
        if before:
            return _the_same(step, wanted, found, before, folder, packed_of)
    return found


def repositories(step: Step, target: Target) -> Sequence[review.Repository]:
    """The released one, and those of the changes before this one; never the change's own.

    What is to be released takes no bytes of what check built.
    """
    return review.beside(step.inputs, step.settings)[::-1] if target.kind == "deb" else ()


def _look(step: Step, target: Target, repository: review.Repository, wanted: Wanted, folder: Path) -> Earlier | None:
    """What ``repository`` has of this version. Raises ``Ended`` (infrastructure)."""
    keys = {"release.asc": step.settings.repository.release_key, "review.asc": step.settings.repository.review_key}
    (folder / "apt.conf").write_text(_SETTINGS.format(folder=folder))
    (folder / "pkgci.sources").write_text(
        f"Types: deb-src\nURIs: {repository.url}\nSuites: {target.name}\nComponents: main\n"
        f"Signed-By: {keys[repository.key]}\n"
    )
    for inner in ("empty", "state/lists/partial", "cache/archives/partial", "log"):
        (folder / inner).mkdir(parents=True)
    if _apt(step, folder, "apt-get", "-qq", "update")[0] != 0:
        raise Ended(Status.INFRASTRUCTURE, f"the sources of {repository.url} cannot be listed: see above")
    _, output = _apt(step, folder, "apt-cache", "-q", "showsrc", "--only-source", wanted.source)
    return earlier(output.decode(errors="replace"), wanted, repository)


def earlier(text: str, wanted: Wanted, repository: review.Repository) -> Earlier | None:
    """The source package of the same upstream version in ``text``, as `apt-cache showsrc` has it of ``repository``."""
    name = re.compile(rf"{re.escape(wanted.stem)}(-[A-Za-z0-9-]+)?\.tar\.[a-z0-9]+(\.asc)?")
    for stanza in text.split("\n\n"):
        version = re.search(r"^Version: ([0-9][A-Za-z0-9.+:~-]*)$", stanza, re.MULTILINE)
        listed = re.search(r"^Checksums-Sha256: *\n((?: .*\n?)+)", stanza, re.MULTILINE)
        if not version or not listed or Release(wanted.source, version[1]).upstream != wanted.version:
            continue
        if not repository.has_source(wanted.source, version[1]):
            continue
        files = {file: checksum for checksum, file in _LISTED.findall(listed[1]) if name.fullmatch(file)}
        if any(not file.endswith(".asc") for file in files):
            return Earlier(version[1], files)
    return None


def _the_same(
    step: Step, wanted: Wanted, found: Upstream, before: Earlier, folder: Path, packed_of: Tree | None
) -> Upstream:
    note = f"as released with {wanted.source} {before.version}"
    released = {name: checksum for name, checksum in before.files.items() if not name.endswith(".asc")}
    own = {file.name: sha256(file) for file in found.files}
    if {file.name: own[file.name] for file in found.tarballs} == released:
        if all(own.get(name, checksum) == checksum for name, checksum in before.files.items()):
            return replace(found, note=f"{found.note}, {note}")
        # Upstream has signed it anew: what was released keeps its signature, too.
        return Upstream(tuple(_fetched(step, wanted, before, folder)), note)
    there = _fetched(step, wanted, before, folder)
    tarballs = sorted(file for file in there if file.suffix != ".asc")
    folder.chmod(0o777)  # for what works as nobody
    differ = differences.of_tarballs(step, folder, found.tarballs, tarballs)
    if packed_of:
        # What debian/patches changes, a tree may have with or without; and dpkg-source may take all of it as a patch.
        patched = differences.patched_files(packed_of)
        differ = [] if differences.takes_changes(packed_of) else [path for path in differ if path not in patched]
    if differ:
        main = next(file.name for file in tarballs if ".orig.tar." in file.name)
        raise differences.changed(differ, f"{main}, which was released with {wanted.source} {before.version}")
    return Upstream(tuple(there), note)


def _fetched(step: Step, wanted: Wanted, before: Earlier, folder: Path) -> list[Path]:
    """The upstream files of ``before``. Raises ``Ended`` (infrastructure)."""
    to = folder / "files"
    to.mkdir()
    words = ("-q", "source", "--download-only", "--only-source", f"{wanted.source}={before.version}")
    status, output = _apt(step, folder, "apt-get", *words, to=to)
    if status != 0:
        step.log.add(output)
    files = [to / name for name in sorted(before.files)]
    for file in files:
        if status != 0 or not file.is_file() or sha256(file) != before.files[file.name]:
            raise Ended(Status.INFRASTRUCTURE, f"{file.name}, which is released, cannot be fetched: see above")
    return files


def _apt(step: Step, folder: Path, *command: str, to: Path | None = None) -> tuple[int, bytes]:
    environment = {"APT_CONFIG": str(folder / "apt.conf")}
    return step.programs.output(command, environment=environment, folder=to or folder)

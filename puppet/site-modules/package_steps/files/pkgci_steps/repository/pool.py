"""The packages of a repository: a folder an entry, which appears as a whole and never changes."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

from ..report import sha256
from ..status import Ended, Status
from . import beneath, folders, rpm
from .manifest import Entry, File
from .publisher import Publisher
from .signing import Signer

SHARED = "shared"
# Kind of package → the folder of a target's packages below shared/KIND.
_FOLDERS = {"deb": "deb/pool/{target}", "rpm": "rpm/{target}/packages"}


class Pool:
    """The packages of the repository in ``repository``."""

    def __init__(self, repository: Path, publisher: Publisher) -> None:
        self._shared = repository / SHARED
        self._publisher = publisher

    def add(self, entry: Entry, source: Path, signer: Signer, inner: str = "") -> Entry:
        """Puts the files of ``entry``, which are in ``source``, into a folder of their own. RPM packages are signed.

        With ``inner``, they are in that folder of it, and somebody else's. Raises ``Ended`` (infrastructure): signing
        changed more than signatures, or where a copy of somebody else's file is not what ``entry`` says.
        """
        aside = folders.aside(self._shared)
        for file in entry.files:
            if inner:
                _take_foreign(source, f"{inner}/{file.name}", aside / file.name, file)
            else:
                _take(source / file.name, aside / file.name, copied=entry.kind == "rpm")
        files = entry.files
        if entry.kind == "rpm":
            signer.rpms([aside / file.name for file in files])
            files = tuple(self._signed(file, aside / file.name) for file in files)
        placed = replace(entry, files=files, folder=folder_of(entry, files))
        self._place(aside, placed)
        return placed

    def lost(self, entry: Entry) -> list[File]:
        """The files of ``entry`` that are missing, or are not what was put there."""
        folder = self._shared / entry.folder
        return [file for file in entry.files if not _is(folder / file.name, file)]

    def sweep(self, kept: set[str]) -> list[str]:
        """Removes the folders of all entries but those in ``kept``; returns their paths. Inside the lock only."""
        folders.sweep(self._shared)
        found = [*self._shared.glob("deb/pool/*/*/*"), *self._shared.glob("rpm/*/packages/*/*")]
        gone = [folder for folder in found if str(folder.relative_to(self._shared)) not in kept]
        for folder in gone:
            folders.remove(folder)
        return [str(folder) for folder in gone]

    def _place(self, aside: Path, entry: Entry) -> None:
        """The folder's name has its contents' checksum: what is there is the same, or was damaged."""
        place = self._shared / entry.folder
        place.parent.mkdir(parents=True, exist_ok=True)
        if self.lost(entry):
            folders.remove(place)
            folders.appear(aside, place)
        else:
            shutil.rmtree(aside)

    def _signed(self, file: File, path: Path) -> File:
        content = rpm.content(path, self._publisher.programs)
        if content != file.content:
            raise Ended(Status.INFRASTRUCTURE, f"{file.name} is another package once it is signed")
        return replace(file, size=path.stat().st_size, sha256=sha256(path))


def _take(source: Path, copy: Path, *, copied: bool) -> None:
    """What is signed in place is a copy, anything else is shared: it never changes."""
    if copied:
        shutil.copyfile(source, copy)
    else:
        folders.share(source, copy)
    copy.chmod(0o644)


def _take_foreign(top: Path, path: str, copy: Path, file: File) -> None:
    try:
        checksum = beneath.copy(top, path, copy, file.size)
    except OSError as error:
        raise Ended(Status.INFRASTRUCTURE, f"{file.name} cannot be taken over: {error}") from None
    if checksum != file.sha256:
        raise Ended(Status.INFRASTRUCTURE, f"{file.name} is not what was tested any more")
    copy.chmod(0o644)


def _is(path: Path, file: File) -> bool:
    return path.is_file() and path.stat().st_size == file.size and sha256(path) == file.sha256


def folder_of(entry: Entry, files: tuple[File, ...]) -> str:
    """Where an entry's files are: the same name never has other contents."""
    names = "".join(f"{file.name} {file.sha256}\n" for file in sorted(files, key=lambda file: file.name))
    digest = hashlib.sha256(names.encode()).hexdigest()[:16]
    version = entry.version.rpartition(":")[2]
    top = _FOLDERS[entry.kind].format(target=entry.target)
    return f"{top}/{entry.source}/{version}.{digest}"

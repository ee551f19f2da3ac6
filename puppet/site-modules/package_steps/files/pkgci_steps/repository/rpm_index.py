"""The metadata of one RPM repository: what dnf reads below repodata/. createrepo_c makes it, from what is new only."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..programs import Programs
from ..status import Ended, Status
from . import folders, rpm_described
from .limited import limited
from .manifest import Entry, File

DATA = "repodata"
HEAD = "repodata/repomd.xml"
SIGNATURE = "repodata/repomd.xml.asc"


def write(
    folder: Path, entries: Sequence[Entry], new: Sequence[Entry], shared: Path, known: Iterable[Path], tool: Programs
) -> None:
    """Writes the metadata of ``entries`` into ``folder``; ``shared`` is what their paths are relative to.

    What the metadata in ``known`` (earlier ones) says of a package is taken from there. What is said of the ``new``
    ones is compared with what they are first, and taken from there. Raises ``Ended`` (failed) where it differs.
    """
    known = list(known)
    aside = folder.with_name(f".{folder.name}.new")  # no target is called so
    if new:
        _create(aside, _paths(new), shared, [], tool)
        rpm_described.compare(aside / DATA, _paths(new), shared)
        known.append(aside)
    _create(folder, _paths(entries), shared, known, tool)
    shutil.rmtree(aside, ignore_errors=True)


def _paths(entries: Sequence[Entry]) -> dict[str, File]:
    """The files of ``entries``, by their paths in the repository."""
    return {
        f"packages/{entry.folder.partition('/packages/')[2]}/{file.name}": file
        for entry in entries
        for file in entry.files
    }


def _create(folder: Path, paths: Iterable[str], shared: Path, known: Iterable[Path], tool: Programs) -> None:
    folder.mkdir(parents=True)
    wanted = folder / ".packages"
    wanted.write_text("".join(f"{path}\n" for path in paths))
    updates = [word for earlier in known for word in ("--update-md-path", earlier)]
    # A path never gets another content, so whether a file has changed need not be asked. gzip is what every dnf and
    # yum reads.
    command: list[str | Path] = [
        "createrepo_c",
        "--quiet",
        "--no-database",
        "--general-compress-type",
        "gz",
        "--pkglist",
        wanted,
    ]
    command += ["--outputdir", folder, *(("--update", "--skip-stat", *updates) if updates else ()), shared]
    # The metadata of a hundred thousand packages: some hundred megabytes, of which it keeps some in memory.
    status = tool.run(limited(command, seconds=3600, memory_mb=16_000, file_mb=4000), seconds=7200)
    wanted.unlink()
    if status != 0:
        raise Ended(Status.INFRASTRUCTURE, f"createrepo_c ended with status {status}: its words are in the log")


def copy(before: Path, folder: Path) -> None:
    """Takes earlier metadata over as it is, without its signature."""
    for name in (HEAD, *_parts(before)):
        folders.share(before / name, folder / name)


def copy_signature(before: Path, folder: Path) -> None:
    """Takes the signature of earlier metadata over, too."""
    folders.share(before / SIGNATURE, folder / SIGNATURE)


def keep_parts(folder: Path, earlier: Iterable[Path]) -> None:
    """Keeps the parts of ``earlier`` metadata, named by checksum, for readers who have its repomd.xml."""
    for before in earlier:
        for name in _parts(before):
            if (before / name).exists():
                folders.share(before / name, folder / name)


def _parts(folder: Path) -> list[str]:
    """What repomd.xml names, as paths in the repository."""
    try:
        text = (folder / HEAD).read_text()
    except FileNotFoundError:
        return []
    return re.findall(r'<location href="(repodata/[A-Za-z0-9._-]+)"', text)

"""Where the tree of a package comes from: the archive, or the tests."""

from __future__ import annotations

from pathlib import Path

from tests.real import made
from tests.real.archive import Archive
from tests.real.catalogue import Package


def unpacked(package: Package, archive: Archive, folder: Path) -> Path:
    """The tree of ``package``, in the new ``folder``. Raises ``UnavailableError``."""
    if not package.made:
        return archive.unpack(package.name, folder)
    made.write(package.name, folder / "tree")
    return folder / "tree"

"""In place of pyproject-rpm-macros' own: lists what a wheel has put into a Python's folder, for %files.

pyproject_files BUILDROOT FOLDER LIST
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path, PurePosixPath


def listing(root: Path, folder: PurePosixPath) -> str:
    """The list of what is in ``folder`` below ``root``. Programs are elsewhere: the spec names them itself."""
    files: list[PurePosixPath] = []
    folders: set[PurePosixPath] = set()
    for record in sorted((root / folder.relative_to("/")).glob("*.dist-info/RECORD")):
        with record.open(newline="") as lines:
            names = [name for name, *_ in csv.reader(lines) if not name.startswith("../")]
        files += [folder / name for name in names]
        folders |= {folder / parent for name in names for parent in PurePosixPath(name).parents if parent.name}
    return "".join([*(f'%dir "{path}"\n' for path in sorted(folders)), *(f'"{path}"\n' for path in files)])


if __name__ == "__main__":
    Path(sys.argv[3]).write_text(listing(Path(sys.argv[1]), PurePosixPath(sys.argv[2])))

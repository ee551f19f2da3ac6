"""What is in tarballs: a program of its own, since tarballs of strangers are read as nobody (``differences``).

usage: contents.py OUTPUT TARBALL... [-- TARBALL...]

Writes a JSON list with one object for each group: path → what is there. A component's files are below its name.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path

# More than any package has.
_MOST = 2_000_000


def of_tarballs(files: Iterable[Path]) -> dict[str, str]:
    """What is in ``files``: a tarball and its components, unpacked around each other as dpkg-source does it."""
    found: dict[str, str] = {}
    for file in files:
        component = file.name.partition(".orig-")[2].partition(".tar.")[0]
        inside = _of_tarball(file)
        tops = {path.partition("/")[0] for path in inside}
        top = f"{tops.pop()}/" if len(tops) == 1 and all("/" in path for path in inside) else ""
        prefix = f"{component}/" if component else ""
        found.update({prefix + path.removeprefix(top): what for path, what in inside.items()})
    return found


def of_file(content: bytes, *, executable: bool) -> str:
    """What a plain file is."""
    return _plain(hashlib.sha256(content).hexdigest(), executable=executable)


def of_link(target: str) -> str:
    """What a symbolic link is."""
    return f"link {target}"


def _of_tarball(file: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    # What a tarball has twice, its last one wins; a hard link is what it is linked to, which stands before it.
    with tarfile.open(file, "r:*") as archive:
        for count, entry in enumerate(archive):
            if count > _MOST:
                raise ValueError(f"{file.name} has more than {_MOST} files")
            name = entry.name.removeprefix("./").rstrip("/")
            if entry.issym():
                found[name] = of_link(entry.linkname)
            elif entry.islnk():
                found[name] = found.get(entry.linkname.removeprefix("./"), "")
            elif entry.isfile():
                found[name] = _of_member(archive, entry)
    return found


def _of_member(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> str:
    digest = hashlib.sha256()
    content = archive.extractfile(entry)
    while content and (piece := content.read(1 << 20)):
        digest.update(piece)
    return _plain(digest.hexdigest(), executable=bool(entry.mode & 0o100))


def _plain(digest: str, *, executable: bool) -> str:
    return f"{'executable' if executable else 'file'} {digest}"


def main(arguments: list[str]) -> None:
    """The program."""
    groups: list[list[Path]] = [[]]
    for word in arguments[1:]:
        if word == "--":
            groups.append([])
        else:
            groups[-1].append(Path(word))
    Path(arguments[0]).write_text(json.dumps([of_tarballs(group) for group in groups]))


if __name__ == "__main__":
    main(sys.argv[1:])

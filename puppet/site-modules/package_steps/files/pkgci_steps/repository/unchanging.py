"""A file that was released keeps its bytes: mirrors, and clients' caches, know it by its name. Pure.

Of DEB packages most of all an upstream tarball, which several revisions share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .manifest import Entry, File

_UPSTREAM = re.compile(r"_([^_]+)\.orig(?:-[A-Za-z0-9-]+)?\.tar\.[a-z0-9]+(?:\.asc)?$")


def clash(target: str, files: Iterable[File], known: Iterable[Entry]) -> str:
    """Which of ``files`` has other contents than one of its name among those ``known`` for ``target``, in words.

    '' where none has.
    """
    there = {file.name: (file, entry) for entry in known if entry.target == target for file in entry.files}
    for file in files:
        other, entry = there.get(file.name, (file, None))
        if entry is not None and other.content != file.content:
            return _words(file, f"{entry.source} {entry.version}")
    return ""


def _words(file: File, owner: str) -> str:
    found = _UPSTREAM.search(file.name)
    if not found:
        return f"{file.name} was published before, with {owner}, and has other content: give it a new version"
    upstream = found[1]
    return (
        f"{file.name} was published before, with {owner}, and has other content: upstream's files are not those of "
        f"{upstream} any more. Changes of yours belong into debian/patches, and the released tarball stays as it is; "
        f"other files of upstream's need a version of their own, as {upstream}+ds1 or what upstream calls it"
    )

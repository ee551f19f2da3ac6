"""Which of upstream's files differ: between a tree and a tarball, or between two tarballs of one version."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...namespaces import offline
from ...status import Ended, Status
from ...step import Step
from ..git import Tree
from . import contents

# What dpkg-source leaves out of a source package, wherever it is: version control's own files (dpkg-source(1), -i).
_LEFT_OUT = re.compile(
    r"(?:.*/)?(?:\.git(?:ignore|attributes|modules|review)|\.hg(?:ignore|tags|sigs)|\.bzr(?:ignore|tags)|\.cvsignore"
    r"|\.mailmap|[^/]*~)"
)
_PATCHED = re.compile(r"^(?:\+\+\+|---) [^/\s]+/([^\t\n]+)", re.MULTILINE)
# Options of debian/source/options by which dpkg-source takes changes of upstream's files, or overlooks them.
_TAKES_CHANGES = re.compile(r"^\s*(?:auto-commit|single-debian-patch|extend-diff-ignore)\b", re.MULTILINE)
_NAMED = 5


def of_tarballs(step: Step, room: Path, ours: Sequence[Path], theirs: Sequence[Path]) -> list[str]:
    """The files that differ. ``room`` is for everybody to write. Raises ``Ended`` where one cannot be read."""
    one, other = _read(step, room, ours, theirs)
    return _compared(one, other)


def of_tree(step: Step, room: Path, tree: Tree, packaging: bytes, tarballs: Sequence[Path]) -> list[str]:
    """The files of ``tree`` that are not as in ``tarballs``. One that it lacks is no difference, for dpkg-source."""
    (theirs,) = _read(step, room, tarballs)
    ours = _of_tree(tree, packaging)
    patched = patched_files(tree)
    return [path for path in _compared(ours, theirs) if path in ours and path not in patched]


def patched_files(tree: Tree) -> frozenset[str]:
    """The files that debian/patches changes: a tree may have them with or without."""
    found: set[str] = set()
    for line in (tree.text("debian/patches/series") or "").splitlines():
        words = line.split()
        if words and not words[0].startswith("#"):
            found.update(_PATCHED.findall(tree.text(f"debian/patches/{words[0]}") or ""))
    return frozenset(found)


def takes_changes(tree: Tree) -> bool:
    """Whether dpkg-source may find upstream's files of this tree changed and make a patch of that by itself."""
    if (tree.text("debian/source/format") or "1.0").strip() == "1.0":
        return True
    options = (tree.text(f"debian/source/{name}") or "" for name in ("options", "local-options"))
    return any(_TAKES_CHANGES.search(text) for text in options)


def changed(paths: Sequence[str], what: str) -> Ended:
    """The words for files that are not as in ``what``."""
    more = f" (and {len(paths) - _NAMED} more)" if len(paths) > _NAMED else ""
    named = ", ".join(path if path.isprintable() else ascii(path) for path in paths[:_NAMED])
    return Ended(
        Status.FAILED,
        f"upstream's files changed: {named}{more}: not as in {what}. Make it a new upstream version in "
        "debian/changelog, or a patch in debian/patches (`dpkg-source --commit`)",
    )


def _compared(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    paths = sorted(one.keys() | other.keys())
    # dpkg-source takes no upstream's debian/ into account.
    seen = (path for path in paths if not path.startswith("debian/") and not _LEFT_OUT.fullmatch(path))
    return [path for path in seen if one.get(path) != other.get(path)]


def _of_tree(tree: Tree, packaging: bytes) -> dict[str, str]:
    found = {}
    for entry in tree.outside(packaging):
        path = tree.folder / os.fsdecode(entry.path)
        name = os.fsdecode(entry.path)
        if entry.mode == "120000":
            found[name] = contents.of_link(os.fspath(path.readlink()))
        else:
            found[name] = contents.of_file(path.read_bytes(), executable=entry.mode == "100755")
    return found


def _read(step: Step, room: Path, *groups: Sequence[Path]) -> list[dict[str, str]]:
    output = room / "contents.json"
    words: list[str | Path] = []
    for group in groups:
        words += ["--", *group]
    command: list[str | Path] = ["/usr/bin/python3", "-I", contents.__file__, output, *words[1:]]
    if offline(step, command, room) != 0:
        raise Ended(Status.FAILED, "upstream's tarball cannot be read: see above")
    found: list[dict[str, str]] = json.loads(output.read_text())
    return found

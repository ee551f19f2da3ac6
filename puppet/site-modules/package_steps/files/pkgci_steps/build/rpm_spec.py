"""What a spec file says: found in a tree, given a version of its own, read as rpmspec expands it. Nothing here runs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..status import Ended, Status
from .git import Tree

# rpmspec's format for what ``read`` looks for.
QUERY = "pkgci:%{NAME} %{VERSION} %{RELEASE}\\n"
# Where a tree may have its spec file.
FOLDERS = ("", "packaging", "rpm")

# A value of a preamble's tag. What a spec's macros make of these becomes the names of files.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+~^-]{0,200}")
_RELEASE = re.compile(r"^(\s*Release\s*:\s*\S.*?)(\s*)$", re.MULTILINE | re.IGNORECASE)
_FILE = re.compile(r"^(Source|Patch)([0-9]*)[ \t]*:[ \t]*(\S+)[ \t]*$", re.MULTILINE | re.IGNORECASE)
# What %setup and %autosetup become: the folder that the first source is expected to have at its top.
_FOLDER = re.compile(r"^cd '([^'\n]+)'$", re.MULTILINE)


@dataclass(frozen=True)
class Spec:
    """A spec file as rpmspec expands it.

    ``files`` are the names of its sources and patches, of which ``tarball`` is the first source, and ``folder`` what
    that has at its top.
    """

    name: str
    version: str
    release: str
    files: tuple[str, ...]
    tarball: str | None
    folder: str


def find(tree: Tree) -> PurePosixPath:
    """The one spec file of ``tree``. Raises ``Ended`` (failed) where there is none, or more."""
    paths = [PurePosixPath(entry.path.decode(errors="replace")) for entry in tree.entries if entry.mode[:3] == "100"]
    found = [path for path in paths if path.suffix == ".spec" and str(path.parent) in (".", *FOLDERS)]
    where = "at the top of the tree, in packaging/ or in rpm/"
    if not found:
        raise Ended(Status.FAILED, f"there is no spec file {where}, which an rpm target needs")
    if len(found) > 1:
        names = ", ".join(str(path) for path in found)
        raise Ended(Status.FAILED, f"there are several spec files, of which one is to be built: {names[:300]}")
    if not _NAME.fullmatch(found[0].name):
        raise Ended(Status.FAILED, f"the spec file's name is not acceptable: {found[0].name[:100]!a}")
    return found[0]


def with_release(text: str, suffix: str) -> str:
    """The spec with ``suffix`` at the end of each release that it gives. Raises ``Ended`` (failed) for none."""
    changed, count = _RELEASE.subn(rf"\g<1>{suffix}\g<2>", text)
    if not count:
        raise Ended(Status.FAILED, "the spec file has no line 'Release: …'")
    return changed


def read(words: str, expanded: str) -> Spec:
    """The spec of rpmspec's two answers: ``words`` (NAME, VERSION and RELEASE, a line each) and the ``expanded`` text.

    Raises ``Ended`` (failed) where a name in it is not acceptable.
    """
    found = re.search(r"^pkgci:(\S+) (\S+) (\S+)$", words, re.MULTILINE)
    if not found:
        raise Ended(Status.FAILED, "rpmspec cannot read the spec file: see above")
    name, version, release = (_acceptable(word, "tag") for word in found.groups())
    # The preamble ends before the first section: what stands in a description is no tag.
    preamble = re.split(r"^%(?:description|package|prep|build)\b", expanded, maxsplit=1, flags=re.MULTILINE)[0]
    files, tarball = [], None
    for kind, number, value in _FILE.findall(preamble):
        file = _acceptable(value.rpartition("/")[2], kind)
        files.append(file)
        if kind.lower() == "source" and tarball is None and int(number or 0) in (0, 1):
            tarball = file
    folders = [folder for folder in _FOLDER.findall(expanded) if _NAME.fullmatch(folder)]
    return Spec(name, version, release, tuple(files), tarball, folders[0] if folders else f"{name}-{version}")


def beside(tree: Tree, spec: PurePosixPath, names: Iterable[str]) -> dict[str, bool]:
    """Which of the sources' ``names`` the tree has as plain files beside its ``spec``."""
    plain = {entry.path for entry in tree.entries if entry.mode[:3] == "100"}
    return {name: str(spec.parent / name).encode() in plain for name in names}


def is_name(word: str) -> bool:
    """Whether ``word`` can be a file's name, and harmless as one."""
    return _NAME.fullmatch(word) is not None


def _acceptable(word: str, what: str) -> str:
    if not is_name(word):
        raise Ended(Status.FAILED, f"the spec file's {what} is not acceptable: {word[:100]!a}")
    return word

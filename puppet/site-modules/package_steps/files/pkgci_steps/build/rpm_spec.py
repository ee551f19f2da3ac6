"""What a spec file says: found in a tree, and read as rpm itself understands it. Nothing here runs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..status import Ended, Status
from .git import Tree

# rpmspec's format for what ``read`` looks for.
QUERY = "pkgci:%{NAME} %{VERSION} %{RELEASE}\\n"
# Where a tree may have its spec file.
FOLDERS = ("", "packaging", "rpm")

# At the end of a copy of a spec: rpm tells the number and the address of each source and patch, however they are given.
LISTING = """
%{lua:
for _, kind in ipairs({"SOURCE", "PATCH"}) do
  for number = 0, 19999 do
    local address = rpm.expand("%{?" .. kind .. "URL" .. number .. "}")
    if address ~= "" then io.stdout:write("\\npkgci-listed:", kind, number, " ", address, "\\n") end
  end
end
io.stdout:flush()
}
"""

# A value of a preamble's tag. What a spec's macros make of these becomes the names of files.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+~^-]{0,200}")
# A file beside a spec: foo@.service, .profile, #1234.patch. No folder, no option, no word for a shell.
_SOURCE = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.+#][A-Za-z0-9._+~^@%:=,#?&!()-]{0,200}")
_LISTED = re.compile(r"^pkgci-listed:(SOURCE|PATCH)([0-9]+) (\S.*)$", re.MULTILINE)
# What %setup and %autosetup become: the folder that the first source is expected to have at its top.
_FOLDER = re.compile(r"^cd '([^'\n]+)'$", re.MULTILINE)


@dataclass(frozen=True)
class Spec:
    """A spec file as rpm understands it.

    ``addresses`` are its sources and patches: name of the file → what the spec says of it, a URL or the name alone.
    ``tarball`` is the first source, and ``folder`` what that has at its top.
    """

    name: str
    version: str
    release: str
    addresses: Mapping[str, str]
    tarball: str | None
    folder: str

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its sources and patches."""
        return tuple(self.addresses)


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


def read(words: str, expanded: str) -> Spec:
    """The spec of rpmspec's two answers: ``words`` (to ``QUERY``), and the expanded text of a spec with ``LISTING``.

    Raises ``Ended`` (failed) where a name in it is not acceptable.
    """
    found = re.search(r"^pkgci:(\S+) (\S+) (\S+)$", words, re.MULTILINE)
    if not found:
        raise Ended(Status.FAILED, "rpmspec cannot read the spec file: see above")
    name, version, release = (_acceptable(word) for word in found.groups())
    addresses, tarball = {}, None
    for kind, number, address in _LISTED.findall(expanded):
        file = _source(address.rpartition("/")[2], kind)
        addresses[file] = address
        if kind == "SOURCE" and tarball is None and int(number) in (0, 1):
            tarball = file
    folders = [folder for folder in _FOLDER.findall(expanded) if _NAME.fullmatch(folder)]
    return Spec(name, version, release, addresses, tarball, folders[0] if folders else f"{name}-{version}")


def neighbours(tree: Tree, spec: PurePosixPath) -> list[str]:
    """The names of the plain files of the tree beside its ``spec``: its sources, and what it includes."""
    beside = [PurePosixPath(os.fsdecode(entry.path)) for entry in tree.entries if entry.mode[:3] == "100"]
    return [path.name for path in beside if path.parent == spec.parent]


def is_name(word: str) -> bool:
    """Whether ``word`` can be a file's name, and harmless as one."""
    return _NAME.fullmatch(word) is not None


def _source(word: str, kind: str) -> str:
    if not _SOURCE.fullmatch(word):
        raise Ended(Status.FAILED, f"the spec file's {kind.capitalize()} is not acceptable: {word[:100]!a}")
    return word


def _acceptable(word: str) -> str:
    if not is_name(word):
        raise Ended(Status.FAILED, f"the spec file's tag is not acceptable: {word[:100]!a}")
    return word

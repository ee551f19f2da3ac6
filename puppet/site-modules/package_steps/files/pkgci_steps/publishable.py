"""What of a build is published, by the names of its files: declared once, for builds and for the publisher. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Debian packages: for apt, for Debian's installer, and Ubuntu's of debugging symbols.
DEB, UDEB, DDEB = ".deb", ".udeb", ".ddeb"
DEBS = (DEB, UDEB, DDEB)
# What a build says of its packages. It goes to the publisher with them, and no further.
CHANGES, BUILDINFO = ".changes", ".buildinfo"
# No path, nothing hidden, no option, no word for a shell.
NAME = r"[A-Za-z0-9][A-Za-z0-9._+~^%:-]{0,199}"
FILE_LIMIT = 500

_LISTED = re.compile(r"^ [0-9a-f]{64} +[0-9]+ +(\S+)$", re.MULTILINE)


def is_deb(name: str) -> bool:
    """Whether it is a Debian package, of whichever kind."""
    return name.endswith(DEBS)


def is_source(name: str) -> bool:
    """Whether it is a part of a Debian source package: .dsc, tarballs with their signatures, or format 1.0's diff."""
    return name.endswith((".dsc", ".diff.gz")) or ".tar." in name


def is_built(name: str) -> bool:
    """Whether it is what building a Debian source package makes of it."""
    return name.endswith((*DEBS, CHANGES, BUILDINFO))


def is_debugging(package: str, file: str) -> bool:
    """Whether the ``package`` in ``file`` has debugging symbols, or the sources for them, and nothing that runs."""
    if file.endswith(".rpm"):
        return package.endswith(("-debuginfo", "-debugsource"))
    return file.endswith(DDEB) or package.endswith("-dbgsym")


def refusal(names: Iterable[str], changes: str) -> str:
    """Why a build with the files ``names`` cannot be published, in words; '' where it can be.

    ``changes`` is the text of its .changes, which names everything that it wants to have published.
    """
    files = sorted(names)
    for name in files:
        if not re.fullmatch(NAME, name):
            return f"the name of a package's file is not acceptable: {name[:250]!a}"
    if len(files) > FILE_LIMIT:
        return f"it has {len(files)} files, and {FILE_LIMIT} can be published at once"
    for name in _LISTED.findall(changes):
        if name not in files:
            return (
                f"{name[:200]!a} is in the .changes file, and cannot be published: source packages and packages "
                f"({', '.join(DEBS)}) can be; debian/rules adds it with dpkg-distaddfile"
            )
    return ""

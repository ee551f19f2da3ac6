"""Upstream's files and the packaging together in one tree: the tarball is packed of them."""

from __future__ import annotations

import re
from pathlib import Path

from ...status import Ended, Status
from ...step import Step
from ..git import Tree
from ..orig import write_orig
from .upstream import Upstream, Wanted

_PACKED = (".tar.gz", ".tgz", ".tar.xz")
# What a repository with a spec has beside it, and no upstream is made of.
_RPM_PACKAGING = re.compile(rb"(?:.*/)?(?:sources|[^/]+\.(?:spec|patch|diff|rpmlintrc))")
_OPTIONS = (
    "keep them in the tree, or let the repository have git-buildpackage's branches and tags (pristine-tar, "
    "upstream/VERSION), or say in the site file where they are: `source: tarball` or `source: {project: …}`"
)


def found(step: Step, tree: Tree, wanted: Wanted) -> bool:
    """Every tree can be of this kind."""
    return True


def upstream(step: Step, tree: Tree, wanted: Wanted, room: Path) -> Upstream:
    """The tree as a tarball, without its packaging. Raises ``Ended`` (failed)."""
    for name in wanted.missing:
        if name != wanted.tarball:
            raise Ended(Status.FAILED, f"{wanted.spec} names {name}, which is not beside it in the tree")
    if not wanted.tarball.endswith(_PACKED):
        raise Ended(
            Status.FAILED,
            f"Source0 is {wanted.tarball}, and the tree is packed as .tar.gz or .tar.xz; or keep that file beside the "
            "spec",
        )
    if wanted.packaging and tree.is_only(wanted.packaging):
        raise Ended(
            Status.FAILED,
            f"the tree has the packaging only ({wanted.packaging.decode()}), and none of upstream's files: {_OPTIONS}",
        )
    if wanted.spec and all(_RPM_PACKAGING.fullmatch(path) for path in _seen(tree)):
        raise Ended(
            Status.FAILED,
            f"the tree has the packaging only, and none of upstream's files; nothing says what {wanted.tarball} is "
            f"that {wanted.spec} names: add the line that `sha512sum --tag {wanted.tarball}` prints to the file "
            "sources beside it, or say in the site file where it is: `source: {tarball: {url: …, sha256: …}}` or "
            "`source: {project: …}`",
        )
    file = room / wanted.tarball
    write_orig(tree, wanted.folder, file, without=wanted.packaging)
    return Upstream((file,), "packed of the tree", packed=True)


def _seen(tree: Tree) -> list[bytes]:
    """The paths of the tree's files, without what people's tools have in hidden ones."""
    return [entry.path for entry in tree.outside(b"") if not entry.path.startswith(b".")]

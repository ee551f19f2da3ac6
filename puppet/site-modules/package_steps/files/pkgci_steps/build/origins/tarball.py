"""Upstream's tarball, which the tree does not have: fetched, and verified by its checksum or its signature.

What it is says the site file (``url`` and ``sha256``), dist-git's file ``sources`` beside a spec file, a signature and
the key in the tree, or debian/watch and debian/upstream/signing-key.asc.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...fetch.request import Answer, Blob, Request
from ...status import Ended, Status
from ...step import Step
from ..git import Tree
from . import dist_git, watch
from .fetching import ask, is_armoured, take
from .upstream import Upstream, Wanted

# The ends of an address → the compression of an orig tarball (dpkg-source(1)).
_COMPRESSIONS = {
    **{"gz": "gz", "tgz": "gz", "xz": "xz", "txz": "xz"},
    **{"bz2": "bz2", "tbz": "bz2", "tbz2": "bz2", "lzma": "lzma"},
}
_END = re.compile(rf"\.(?:tar\.)?({'|'.join(_COMPRESSIONS)})$")


def found(step: Step, tree: Tree, wanted: Wanted) -> bool:
    """Whether the tree has packaging only, and says what upstream's tarball is."""
    if wanted.target == "rpm":
        return dist_git.found(tree, wanted)
    return tree.is_only(wanted.packaging) and watch.found(tree)


def upstream(step: Step, tree: Tree, wanted: Wanted, room: Path) -> Upstream:
    """The tarball, and whatever else is to be fetched. Raises ``Ended``."""
    source = step.settings.project(step.inputs.project).source
    sums = {"sha256": source.sha256} if source.url and source.sha256 else {}
    if wanted.target == "rpm":
        pinned = {wanted.tarball: Blob(wanted.tarball, (source.url or "",), sums)} if sums else {}
        blobs = dist_git.blobs(tree, wanted, step.settings.sources.lookaside, pinned)
        files = ask(step, Request(blobs, same_as=Request(blobs).text()), room).files
        return Upstream(take(files, wanted.missing, room), "fetched and verified")
    if sums:
        blob = Blob(_orig(wanted, source.url or ""), (source.url or "",), sums)
        files = ask(step, Request((blob,)), room).files
        return Upstream(take(files, [blob.name], room), "fetched, and verified by the site's checksum")
    return _watched(step, tree, wanted, room)


def _watched(step: Step, tree: Tree, wanted: Wanted, room: Path) -> Upstream:
    entry, keys = watch.read(tree, wanted), watch.keys(tree)
    same_as = Request(pages=(wanted.source, wanted.version, entry.text)).text()
    # Where it was verified before, no page is looked at.
    known: Answer = ask(step, Request(keys, same_as=same_as), room)
    if not known.files:
        page = ask(step, Request(pages=(entry.page,)), room).pages[entry.page]
        link = watch.link(step, entry, wanted, page, room)
        tarball = Blob(_orig(wanted, link.url), (link.url,))
        signature = Blob(f"{tarball.name}.asc", link.signatures, signs=tarball.name)
        known = ask(step, Request((tarball, signature, *keys), same_as=same_as), room)
    # dpkg-source takes no binary signature.
    names = [name for name, checksum in known.files.items() if not name.endswith(".asc") or is_armoured(checksum)]
    return Upstream(take(known.files, names, room), "fetched as debian/watch says, and its signature is good")


def _orig(wanted: Wanted, url: str) -> str:
    """What an orig tarball is called that comes from ``url``. Raises ``Ended`` (failed)."""
    end = _END.search(unquote(urlsplit(url).path))
    if not end:
        known = ".tar.gz, .tar.xz, .tar.bz2 or .tar.lzma"
        raise Ended(Status.FAILED, f"{url[:300]} is no tarball that a source package takes: its name ends with {known}")
    return f"{wanted.stem}.tar.{_COMPRESSIONS[end[1]]}"

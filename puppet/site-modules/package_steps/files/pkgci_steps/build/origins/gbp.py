"""git-buildpackage's layouts: upstream's tarball is in the branch pristine-tar, or is packed of upstream's tag.

Whatever reads a delta of pristine-tar does so as nobody and offline.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from ...namespaces import offline
from ...status import Ended, Status
from ...step import Step
from ..git import ENVIRONMENT, Entry, Tree, git, tree_of
from ..orig import write_orig
from . import gbp_conf, gbp_refs
from .upstream import Upstream, Wanted

_COMPRESSIONS = ("xz", "gz", "bz2", "lzma")
# Where the tarball has components, pristine-tar's tree of the main one is upstream's without their folders: git-
# buildpackage makes that tree anew, for no branch has it. $1: the repository; $2: upstream's tag or ''; $3: the
# components' folders, a space around each; then where tarballs go, and their names.
_CHECK_OUT = """\
set -eu
mkdir work
cp -r "$1/.git" work/.git
cd work
if [ -n "$2" ]; then
    git ls-tree "$2^{tree}" | awk -F '\\t' -v without="$3" '!index(without, " " $2 " ")' | git mktree >/dev/null
fi
to=$4
shift 4
for name do
    signature=
    if git cat-file -e "pristine-tar:$name.asc" 2>/dev/null; then signature=$to/$name.asc; fi
    pristine-tar checkout ${signature:+--signature-file="$signature"} "$to/$name"
done
"""


@dataclass(frozen=True)
class _Found:
    """What there is: ``tarballs`` are those that pristine-tar can make for this version, main one first."""

    layout: gbp_conf.Layout
    refs: gbp_refs.Refs
    tarballs: tuple[str, ...]

    @property
    def to_pack(self) -> gbp_refs.Ref | None:
        """What a tarball can be packed of: a branch only where gbp.conf says so."""
        ref = self.refs.upstream
        if ref and self.layout.upstream_tree == "tag" and not ref.name.startswith("refs/tags/"):
            return None
        return ref


def found(step: Step, tree: Tree, wanted: Wanted) -> bool:
    """Whether the repository has a tarball of this version in pristine-tar, or upstream's tag."""
    try:
        there = _look(step, tree, wanted)
    except Ended as ended:
        if ended.status is not Status.FAILED:
            raise
        step.log.say(f"no layout of git-buildpackage's: {ended.reason}")
        return False
    return there.layout.upstream_tree != "sloppy" and bool(there.tarballs or there.to_pack)


def upstream(step: Step, tree: Tree, wanted: Wanted, room: Path) -> Upstream:
    """Upstream's tarballs, by pristine-tar, else packed of upstream's tag. Raises ``Ended``."""
    there = _look(step, tree, wanted)
    if there.layout.ignored:
        step.log.say(f"{gbp_conf.FILE}: not used here: {', '.join(there.layout.ignored)[:300]}")
    step.details["refs"] = {ref.name: ref.commit for ref in there.refs}
    if there.tarballs:
        return _checked_out(step, tree, wanted, there, room)
    if there.to_pack:
        return _packed(step, tree, wanted, there, room)
    if there.layout.upstream_tree == "sloppy":
        raise Ended(
            Status.FAILED, f"{gbp_conf.FILE} says upstream-tree = SLOPPY: that is `source: tree` in the site file"
        )
    tag = there.layout.tag(wanted.version)
    raise Ended(
        Status.FAILED,
        f"the repository has neither {wanted.stem}.tar.* in the branch {gbp_conf.PRISTINE_TAR} nor the tag {tag}: "
        f"push them, as with `git push origin {gbp_conf.PRISTINE_TAR} {tag}`",
    )


def _look(step: Step, tree: Tree, wanted: Wanted) -> _Found:
    """Brings what is needed of SOURCE into the tree's own repository. Raises ``Ended``."""
    layout = gbp_conf.read(tree.text(gbp_conf.FILE))
    source = os.fspath(step.inputs.source or Path())
    refs = gbp_refs.bring(
        lambda words: step.programs.output(["git", "-C", tree.folder, *words], environment=ENVIRONMENT),
        source,
        layout,
        wanted.version,
    )
    if refs is None:
        raise Ended(Status.INFRASTRUCTURE, f"the branches and tags of {source} cannot be read: see above")
    names: list[str] = []
    if refs.pristine_tar:
        listing = git(step, "-C", tree.folder, "ls-tree", "-z", "--name-only", refs.pristine_tar.commit)
        names = [name.decode(errors="replace") for name in listing.split(b"\0")]
    return _Found(layout, refs, tarballs(names, wanted, layout.compression))


def tarballs(names: list[str], wanted: Wanted, compression: str) -> tuple[str, ...]:
    """The tarballs that pristine-tar's files ``names`` are of, for this version: one for each component, main first."""
    pattern = re.compile(rf"({re.escape(wanted.stem)}(-[A-Za-z0-9-]+)?\.tar\.({'|'.join(_COMPRESSIONS)}))\.delta")
    own = wanted.tarball.rpartition(".")[2]
    # Source format 1.0 takes .gz only; else upstream may have had several, of which gbp.conf may name one.
    order = [own] if own == "gz" else [compression, *_COMPRESSIONS]
    chosen: dict[str, tuple[int, str]] = {}
    for found in filter(None, map(pattern.fullmatch, names)):
        component = found[2] or ""
        if found[3] in order:
            rank = order.index(found[3])
            chosen[component] = min(chosen.get(component, (rank, found[1])), (rank, found[1]))
    return tuple(chosen[component][1] for component in sorted(chosen)) if "" in chosen else ()


def _checked_out(step: Step, tree: Tree, wanted: Wanted, there: _Found, room: Path) -> Upstream:
    """Has pristine-tar make its tarballs, with the signatures that it keeps."""
    folders = [name.partition(".orig-")[2].partition(".tar.")[0] for name in there.tarballs]
    dropped = " ".join(folder for folder in folders if folder)
    tag = there.refs.upstream.commit if there.refs.upstream and dropped else ""
    command: list[str | Path] = ["sh", "-c", _CHECK_OUT, "sh", tree.folder, tag, f" {dropped} ", room, *there.tarballs]
    environment = {**ENVIRONMENT, "HOME": str(room), "TMPDIR": str(room)}
    if offline(step, command, room, environment=environment) != 0:
        raise Ended(
            Status.FAILED,
            f"pristine-tar cannot make {there.tarballs[0]}: see above. It needs upstream's tree: push the tag "
            f"{there.layout.tag(wanted.version)}, or commit the tarball anew with `gbp pristine-tar commit`",
        )
    files = [room / name for name in there.tarballs]
    # What read a stranger's delta made them: a link would lead to whatever this account may read.
    if not all(map(_is_plain, files)):
        raise Ended(Status.FAILED, f"pristine-tar made no plain file {there.tarballs[0]}: see above")
    signatures = [file.with_name(f"{file.name}.asc") for file in files]
    return Upstream(
        (*files, *filter(_is_plain, signatures)),
        f"by pristine-tar at {there.refs.pristine_tar.commit[:12] if there.refs.pristine_tar else ''}",
    )


def _is_plain(file: Path) -> bool:
    return file.is_file() and not file.is_symlink()


def _packed(step: Step, tree: Tree, wanted: Wanted, there: _Found, room: Path) -> Upstream:
    """Packs upstream's tag, the folder of each component by itself."""
    ref = there.to_pack
    upstreams = tree_of(step, tree.folder, ref.name, room / "tree") if ref else None
    if ref is None or upstreams is None:
        raise Ended(Status.INFRASTRUCTURE, "upstream's tag cannot be checked out: see above")
    own = wanted.tarball.rpartition(".")[2]
    compression = own if own == "gz" else there.layout.compression or own
    components = {"": _main(upstreams, there.layout.components)}
    components |= {name: _component(upstreams, name) for name in there.layout.components}
    files = []
    for name, part in components.items():
        if not part.entries:
            raise Ended(Status.FAILED, f"{gbp_conf.FILE} names the component {name}, which {ref.name} does not have")
        file = room / f"{wanted.stem}{name and '-'}{name}.tar.{compression}"
        write_orig(part, name or wanted.folder, file, without=b"")
        files.append(file)
    return Upstream(tuple(files), f"packed of {ref.name} at {ref.commit[:12]}", packed=True)


def _main(tree: Tree, components: tuple[str, ...]) -> Tree:
    without = tuple(f"{name}/".encode() for name in components)
    return replace(tree, entries=tuple(entry for entry in tree.entries if not entry.path.startswith(without)))


def _component(tree: Tree, name: str) -> Tree:
    prefix = f"{name}/".encode()
    inside = (entry for entry in tree.entries if entry.path.startswith(prefix))
    return Tree(
        tree.folder / name,
        tree.commit,
        tree.time,
        tuple(Entry(entry.mode, entry.path.removeprefix(prefix)) for entry in inside),
    )

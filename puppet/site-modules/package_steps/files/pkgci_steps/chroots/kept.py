"""The roots that are kept: where they are, who may make one, how one takes another's place."""

from __future__ import annotations

import secrets
import time
from contextlib import AbstractContextManager
from pathlib import Path

from ..files import replacing
from ..install import tree as listing
from ..layers import NAMESPACE, ROOT
from ..limits import disk
from ..locks import locked
from ..namespaces import remove, traversable
from ..settings import CHROOTS, Target
from ..status import Ended, Status
from ..step import Step
from ..tidy import held_alone
from .makers import MAKERS
from .purpose import Purpose

# Beside the root of a tree: the checksums of its files (``install/tree.py``), for who looks what changed in a layer.
SUMS = "sums.json"
# The folders that trees are in: what no link names is an old one, and goes with the last who uses it.
_TREES = ".tree-"
# What sbuild makes its chroots of, which unpacks one for each build itself.
_PACKED = frozenset({("deb", Purpose.BUILD)})


def ensure(step: Step, target: Target, purpose: Purpose, folder: Path = CHROOTS) -> Path:
    """The tarball or the tree of ``target``'s root, made if there is none; where another makes it, that is waited for.

    Raises ``Ended``: infrastructure where it cannot be made, aborted.
    """
    place = path(target, purpose, folder)
    if not place.exists():
        step.log.say(f"there is no {place} yet: it is made now, once")
        with turn(step, place):
            if not place.exists():
                _make(step, target, purpose, place)
    return place


def refresh(step: Step, target: Target, purpose: Purpose, folder: Path = CHROOTS) -> Path:
    """The tarball or the tree of ``target``'s root, made anew. Raises as ``ensure``."""
    place = path(target, purpose, folder)
    with turn(step, place):
        _make(step, target, purpose, place)
    return place


def path(target: Target, purpose: Purpose, folder: Path = CHROOTS) -> Path:
    """Where it is: a tarball, or a link to a tree's folder."""
    suffix = "tar" if (target.kind, purpose) in _PACKED else "tree"
    return folder / f"{target.name}-{purpose.value}.{suffix}"


def sweep(folder: Path) -> list[Path]:
    """Removes the trees in ``folder`` that no link names and nobody uses any more; returns which."""
    named = {link.resolve() for link in folder.glob("*.tree")}
    gone = []
    for tree in folder.glob(f"{_TREES}*"):
        if tree.resolve() not in named:
            with held_alone(tree) as alone:
                if alone and remove(tree):
                    gone.append(tree)
    return gone


def _make(step: Step, target: Target, purpose: Purpose, place: Path) -> None:
    started = time.monotonic()
    make = _make_tarball if (target.kind, purpose) in _PACKED else _make_tree
    size = make(step, target, purpose, place)
    step.log.say(f"made {place}: {size / 1e6:.0f} MB in {time.monotonic() - started:.0f} s")


def _make_tarball(step: Step, target: Target, purpose: Purpose, file: Path) -> int:
    with replacing(file) as new:
        MAKERS[target.kind](step, target, purpose, new)
        if not new.exists():
            raise Ended(Status.INFRASTRUCTURE, f"{file} was not made")
        return new.stat().st_size


def _make_tree(step: Step, target: Target, purpose: Purpose, link: Path) -> int:
    with traversable(step, link.parent) as work:
        root = work / ROOT
        MAKERS[target.kind](step, target, purpose, root)
        if not root.is_dir():
            raise Ended(Status.INFRASTRUCTURE, f"{link} was not made")
        command: list[str | Path] = [*NAMESPACE, "/usr/bin/python3", "-I", listing.__file__, "--sums", root]
        status, sums = step.programs.output(command, folder=Path("/"))
        if status != 0:
            raise Ended(Status.INFRASTRUCTURE, f"{root} cannot be listed")
        (work / SUMS).write_bytes(sums)
        size = disk(work)
        # Whoever sweeps meanwhile finds it claimed, as before.
        tree = work.rename(link.with_name(f"{_TREES}{secrets.token_hex(6)}"))
        with replacing(link) as new:
            new.symlink_to(tree.name)
    # What was kept before there were trees.
    link.with_suffix(".tar").unlink(missing_ok=True)
    sweep(link.parent)
    return size


def turn(step: Step, file: Path) -> AbstractContextManager[None]:
    """Only one program makes a file. The lock goes with whoever holds it."""
    lock = file.with_name(f".{file.name}.lock")
    return locked(lock, step.stop, lambda: step.log.say(f"another program makes {file}: waiting for it"))

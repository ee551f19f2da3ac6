"""The names of review repositories: a change in a group is found by its own number, too."""

from __future__ import annotations

import re
from pathlib import Path

from . import folders, places
from .engine import Repository
from .publisher import Publisher


def is_one(name: str) -> bool:
    """Whether a repository of a change or of a run may be called so, unlike what a disk has at its top (lost+found)."""
    return re.fullmatch(r"[0-9]+(-.+)?|group-.+", name) is not None


def of_change(publisher: Publisher, change: str) -> Repository:
    """The review repository that has the change's packages: its own, or its group's."""
    link = publisher.public / places.review(change)
    return Repository(places.review(link.readlink().name if link.is_symlink() else change), publisher)


def leave(publisher: Publisher, change: str, name: str) -> None:
    """Takes the change's packages out of a group that it is no more in: what it builds now goes to ``name``."""
    link = publisher.public / places.review(change)
    if not link.is_symlink() or link.readlink() == Path(name):
        return
    with of_change(publisher, change).update() as update:
        gone = [entry for entry in update.entries if entry.change == change]
        for entry in gone:
            update.drop(entry)
        if gone:
            update.commit(f"change {change} has left the group")
    link.unlink()


def lead(publisher: Publisher, change: str, name: str) -> None:
    """Has review/CHANGE lead to the review repository ``name``.

    What the change published before it came to a group goes: the group's has what its changes build now.
    """
    link = publisher.public / places.review(change)
    if name == change or (link.is_symlink() and link.readlink() == Path(name)):
        return
    if link.exists() and not link.is_symlink():
        Repository(places.review(change), publisher).delete(lambda _: True)
    folders.link(link, name)

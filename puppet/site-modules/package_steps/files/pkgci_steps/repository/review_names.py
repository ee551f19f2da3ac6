"""The names of review repositories: a change in a group is found by its own number, too."""

from __future__ import annotations

import re
from pathlib import Path

from ..status import Ended, Status
from . import folders, places
from .engine import Repository
from .publisher import Publisher


def is_one(name: str) -> bool:
    """Whether a repository of a change or of a run may be called so, unlike what a disk has at its top (lost+found)."""
    return re.fullmatch(r"[0-9]+(-.+)?|group-.+", name) is not None


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


def of_change(publisher: Publisher, change: str) -> str:
    """The name of the review repository that has the change's packages. Raises ``Ended`` (infrastructure): none."""
    path = publisher.public / places.review(change)
    if not path.exists():
        raise Ended(Status.INFRASTRUCTURE, f"there is no repository {places.review(change)} any more")
    return path.readlink().name if path.is_symlink() else change

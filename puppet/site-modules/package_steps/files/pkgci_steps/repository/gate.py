"""What the gate built: a repository for each of its runs, which nothing but the gate ever publishes in.

Release builds of the changes behind it read it, and promote takes from it what is released. Where it is, ``places``
says: no build can name another one's.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..inputs import Inputs
from . import places, records
from .engine import Repository
from .publisher import Publisher
from .records import Record


def ahead(publisher: Publisher, inputs: Inputs) -> Iterator[Record]:
    """What the gate built of the changes ahead of that of ``inputs``, in the runs that this one stands on."""
    for name in places.ahead(inputs):
        yield from records.read_all(publisher.public / name)


def everything(publisher: Publisher, change: str = "*") -> list[Repository]:
    """The repositories of the gate's runs: of ``change``, or of all changes."""
    folders = sorted((publisher.public / places.GATE).glob(f"{change}-*"))
    named = (folder.name for folder in folders if folder.name[0].isdigit() and folder.is_dir())
    return [one for one in (Repository(f"{places.GATE}/{name}", publisher) for name in named) if one.exists]

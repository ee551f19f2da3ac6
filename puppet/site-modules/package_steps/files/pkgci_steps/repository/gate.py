"""What the gate built: a repository for each of its runs, which nothing but the gate ever publishes in.

Release builds of the changes behind it read it, and promote takes from it what is released. Where it is, ``places``
says: no build can name another one's.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..inputs import Inputs
from . import places, records
from .publisher import Publisher
from .records import Record


def ahead(publisher: Publisher, inputs: Inputs) -> Iterator[Record]:
    """What the gate built of the changes ahead of that of ``inputs``, in the runs that this one stands on."""
    for name in places.ahead(inputs):
        yield from records.read_all(publisher.public / name)

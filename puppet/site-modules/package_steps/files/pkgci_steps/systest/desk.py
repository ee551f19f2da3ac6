"""A folder outside of the system under test, for whoever works with it: his who is nobody on the slave.

autopkgtest works here. It reads what the system under test gives it, and could be led to read other files: there it
can read no file that not everybody can.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..layers import handed_over
from ..namespaces import traversable
from ..settings import WORK
from ..step import Step


@contextmanager
def desk(step: Step) -> Iterator[Path]:
    """A new folder, in one of this account's; both are gone afterwards. Raises ``Ended`` (infrastructure)."""
    with traversable(step, WORK) as holder:
        yield handed_over(step, holder / "desk")

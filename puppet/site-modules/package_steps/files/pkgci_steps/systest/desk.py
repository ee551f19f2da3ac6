"""A folder outside of the system under test, for whoever works with it: his who is nobody on the slave.

autopkgtest works here. It reads what the system under test gives it, and could be led to read other files: there it
can read no file that not everybody can.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..layers import NAMESPACE, handed_over
from ..namespaces import traversable
from ..settings import WORK
from ..step import Step


@contextmanager
def desk(step: Step, archive: Path) -> Iterator[Path]:
    """A new folder; the source tree in ``archive`` is its ``tree``. All gone afterwards.

    Raises ``Ended`` (infrastructure).
    """
    with traversable(step, WORK) as holder:
        folder = handed_over(step, holder / "desk")
        unpack = ["tar", "--directory", f"{folder}/tree", "--extract", "--no-same-owner", "--file", str(archive)]
        step.programs.must("make a folder", [*NAMESPACE, "mkdir", f"{folder}/tree"])
        step.programs.must("unpack the source", [*NAMESPACE, *unpack])
        yield folder

"""Who makes the roots of which kind of target."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..settings import Target
from ..step import Step
from . import deb, rpm
from .purpose import Purpose

# Makes a target's root at a path: a folder, or a tarball. Raises ``Ended`` (infrastructure).
Maker = Callable[[Step, Target, Purpose, Path], None]

# Kind of target → maker.
MAKERS: dict[str, Maker] = {"deb": deb.make, "rpm": rpm.make}

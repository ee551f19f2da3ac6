"""Who makes the roots of which kind of target."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..settings import Target
from ..step import Step
from . import deb, rpm
from .purpose import Purpose

# Writes the tarball of a target's root to a path. Raises ``Ended`` (infrastructure).
Maker = Callable[[Step, Target, Purpose, Path], None]

# Kind of target → maker.
MAKERS: dict[str, Maker] = {"deb": deb.make, "rpm": rpm.make}

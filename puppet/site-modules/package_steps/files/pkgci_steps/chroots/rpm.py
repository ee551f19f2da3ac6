"""The roots of rpm targets."""

from __future__ import annotations

from pathlib import Path

from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from .purpose import Purpose


def make(step: Step, target: Target, purpose: Purpose, file: Path) -> None:
    """Writes the tarball of ``target``'s root to ``file``. Raises ``Ended`` (infrastructure)."""
    raise Ended(
        Status.SKIPPED, f"no root of {target.name} for {purpose.value} can be made here into {file}: {step.name}"
    )

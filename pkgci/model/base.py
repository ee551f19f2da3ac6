"""What all parts of a site file's typed model have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A mapping in a site file: unknown keys are faults, and what was read never changes."""

    # Built on first use: `pkgci validate` then builds one validator, not one for each class.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

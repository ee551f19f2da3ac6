"""What all parts of a site file's typed model have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

M = TypeVar("M", bound=BaseModel)


class Model(BaseModel):
    """A mapping in a site file: unknown keys are faults, and what was read never changes."""

    # Built on first use: `pkgci validate` then builds one validator, not one for each class.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def defaults(model: type[M]) -> Callable[[], M]:
    """Makes a ``model`` of its defaults only. Calling the class would build a validator, which these do not need."""
    return lambda: model.model_construct()

"""What is to be made otherwise in a Gerrit: data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request to REST. ``body`` is JSON, or text."""

    method: str
    path: str
    body: Mapping[str, Any] | str = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One thing that is to be made otherwise, in one request: where, what in a few words, and how it differs."""

    where: str
    what: str
    lines: tuple[str, ...]
    request: Request


@dataclass(frozen=True)
class Hindrance:
    """Something that the CI needs, and that pkgci leaves to people: what, and what they are to do."""

    where: str
    what: str
    hint: str

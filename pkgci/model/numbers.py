"""The kinds of numbers and sizes in a site file, each with its own rule, and its own words when it is broken."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, Strict

from pkgci.model.worded import Because, Read, Refused

# Numbers and truth values as YAML writes them. In quotes they are text, which is something else.
Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
PortNumber = Annotated[Whole, Field(ge=1, le=65535)]

_SIZE = r"\s*([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([MmGgTt][Bb])\s*"
_MEGABYTES = {"MB": 1, "GB": 1000, "TB": 1_000_000}
_LARGEST = 1_000_000_000_000


def _megabytes(text: str) -> int:
    match = re.fullmatch(_SIZE, text)
    if match is None:
        raise ValueError
    size = round(float(match[1]) * _MEGABYTES[match[2].upper()])
    if not 1 <= size <= _LARGEST:
        raise Because("is not a valid size: it must be at least 1 MB" if size < 1 else "is larger than any disk")
    return size


Megabytes = Annotated[
    int,
    Read(
        _megabytes,
        "is not a size: write a number and a unit, as in '512 MB', '4 GB' or '1.5 TB'",
        {"pattern": rf"^(?=.*[1-9]){_SIZE}$", "examples": ["512 MB", "4 GB"]},
    ),
]
VoteValue = Annotated[Whole, Field(ge=-4, le=4), Refused(0, "is no vote: write one above or below zero")]
Days = Annotated[Whole, Field(ge=1, le=3650)]

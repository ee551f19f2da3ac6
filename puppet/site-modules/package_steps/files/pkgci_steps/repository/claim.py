"""What a build host says that a build made: its result.json, which untrusted code may have written. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..inputs import Inputs
from ..publishable import FILE_LIMIT, NAME
from ..status import Ended, Status

# bytes: some hundred files and what a build says of itself.
SIZE_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class Claimed:
    """A file: its name, its size in bytes, and its SHA-256 checksum."""

    name: str
    size: int
    sha256: str


def read(text: bytes, inputs: Inputs, size_limit: int) -> tuple[Claimed, ...]:
    """The files of the build that ``inputs`` are of, ``size_limit`` bytes at most in all.

    Raises ``Ended`` (failed) where result.json is no such thing.
    """
    try:
        data = json.loads(text)
        if not isinstance(data, dict):
            raise ValueError("it is no object")
        _compare(data, inputs)
        files = _files(data.get("files"))
        if sum(file.size for file in files) > size_limit:
            raise ValueError(f"its files have more than {size_limit // 1_000_000} MB")
    except RecursionError:
        raise Ended(Status.FAILED, "result.json is not acceptable: it is nested too deeply") from None
    except ValueError as error:
        raise Ended(Status.FAILED, f"result.json is not acceptable: {error}") from None
    return files


def _compare(data: Mapping[str, Any], inputs: Inputs) -> None:
    """It is of the build that is to be published, and of no other."""
    expected = {
        "step": "build",
        "status": "passed",
        "project": inputs.project,
        "target": inputs.target,
        "change": inputs.change or None,
        "patchset": inputs.patchset or None,
        "pipeline": inputs.pipeline or None,
        "build_id": inputs.build_id,
    }
    if inputs.commit:
        expected["commit"] = inputs.commit
    if inputs.upstream_commit:
        expected["upstream_commit"] = inputs.upstream_commit
    for name, value in expected.items():
        if data.get(name) != value:
            raise ValueError(f"its {name} is {str(data.get(name))[:60]!a}, not {value!a}")


def _files(items: Any) -> tuple[Claimed, ...]:
    if not isinstance(items, list) or not 0 < len(items) <= FILE_LIMIT:
        raise ValueError(f"its files are no list of 1 to {FILE_LIMIT}")
    files = tuple(_file(item) for item in items)
    if len({file.name for file in files}) != len(files):
        raise ValueError("it names a file twice")
    return files


def _file(item: Any) -> Claimed:
    if not isinstance(item, dict):
        raise ValueError("one of its files is no object")
    name, size, checksum = (item.get(key) for key in ("name", "size", "sha256"))
    if not isinstance(name, str) or not re.fullmatch(NAME, name):
        raise ValueError(f"it names a file {str(name)[:100]!a}")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError(f"the size of {name} is {str(size)[:40]!a}")
    if not isinstance(checksum, str) or not re.fullmatch(r"[0-9a-f]{64}", checksum):
        raise ValueError(f"the checksum of {name} is {str(checksum)[:80]!a}")
    return Claimed(name, size, checksum)

"""The review's memory: one JSON file a change, written whole or not at all, so that a restart loses nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pkgci.lab.stand_ins.review.model import Account, Approval, Change, File, Kind, Message, PatchSet, Status


class Store:
    """The changes, by number. ``put`` is on the disk when it returns."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        found = (read(json.loads(file.read_text(encoding="utf-8"))) for file in directory.glob("*.json"))
        self._changes = {change.number: change for change in sorted(found, key=lambda change: change.number)}

    @property
    def changes(self) -> Mapping[int, Change]:
        """All changes, oldest first."""
        return self._changes

    def put(self, change: Change) -> None:
        """Keeps ``change`` in place of the one with its number."""
        temporary = self._directory / f".{change.number}.new"
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(asdict(change), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._directory / f"{change.number}.json")
        # Readers in other threads go on with the mapping that they have.
        self._changes = {**self._changes, change.number: change}


def read(data: dict[str, Any]) -> Change:
    """The change that ``asdict`` made ``data`` of."""
    return Change(
        **{
            **data,
            "owner": Account(**data["owner"]),
            "status": Status(data["status"]),
            "patch_sets": tuple(map(_patch_set, data["patch_sets"])),
            "messages": tuple(Message(**{**item, "author": Account(**item["author"])}) for item in data["messages"]),
        }
    )


def _patch_set(data: dict[str, Any]) -> PatchSet:
    return PatchSet(
        **{
            **data,
            "parents": tuple(data["parents"]),
            "kind": Kind(data.get("kind", Kind.REWORK)),
            "uploader": Account(**data["uploader"]),
            "author": Account(**data["author"]),
            "files": tuple(File(**item) for item in data["files"]),
            "approvals": tuple(Approval(**{**item, "by": Account(**item["by"])}) for item in data["approvals"]),
        }
    )

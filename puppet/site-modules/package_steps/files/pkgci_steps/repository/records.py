"""What each run of a pipeline published: builds/<build id>/<target>.json, for the tests after it and for promote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import files
from ..inputs import RELEASING
from . import generation, manifest
from .manifest import Entry


@dataclass(frozen=True)
class Record:
    """What one run published for one target: ``entry``, whose folder says where. ``moment`` is when (ISO 8601).

    ``tree`` is the git tree that was built and tested; '' where nobody said.
    """

    pipeline: str
    commit: str
    moment: str
    entry: Entry
    tree: str = ""

    @property
    def is_release(self) -> bool:
        """Whether promote may publish it."""
        return self.pipeline in RELEASING


def write(repository: Path, record: Record) -> None:
    """Writes it into the repository in the folder ``repository``."""
    entry = record.entry
    described = [{**vars(file), "source": entry.source} for file in entry.files]
    document = {**vars(entry), "pipeline": record.pipeline, "commit": record.commit, "tree": record.tree}
    document["moment"] = record.moment
    path = repository / generation.BUILDS / entry.build_id / f"{entry.target}.json"
    files.write(path, json.dumps({**document, "files": described}, indent=2) + "\n")


def read_all(repository: Path) -> Iterator[Record]:
    """All that are in the repository in the folder ``repository``."""
    for path in (repository / generation.BUILDS).glob("[!.]*/[!.]*.json"):
        yield parse(json.loads(path.read_text()))


def latest(repository: Path, change: str, patchset: str) -> list[Record]:
    """What check published last of a change's patch set, for each target."""
    wanted = (change, patchset, False)
    found = [one for one in read_all(repository) if (one.entry.change, one.entry.patchset, one.is_release) == wanted]
    chosen = sorted(found, key=lambda record: record.moment)
    return list({record.entry.target: record for record in chosen}.values())


def parse(data: dict[str, Any]) -> Record:
    """The record in a document. Raises ``KeyError`` and ``TypeError``."""
    own = {name: data.pop(name) for name in ("pipeline", "commit", "moment")}
    own["tree"] = data.get("tree", "")  # records of an earlier version of this program have none
    described = [{name: value for name, value in file.items() if name != "source"} for file in data.pop("files")]
    return Record(**own, entry=manifest.entry({**data, "files": described}))

"""What comes of a step: result.json for programs, junit.xml for whoever shows tests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from .inputs import Inputs
from .status import Status
from .text import json_text

# Characters that XML 1.0 cannot hold (section 2.2).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OUTPUT_LIMIT = 64 * 1024


@dataclass(frozen=True)
class Case:
    """One thing that was tested. ``message`` says in one line what is wrong, ``output`` shows it."""

    name: str
    status: Status = Status.PASSED
    message: str = ""
    output: str = ""
    seconds: float = 0.0


def sha256(path: Path) -> str:
    """The SHA-256 checksum of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def described(files: Iterable[Path]) -> list[dict[str, Any]]:
    """``name``, ``size`` (bytes) and ``sha256`` of each file, sorted by name."""
    return [
        {"name": file.name, "size": file.stat().st_size, "sha256": sha256(file)}
        for file in sorted(files, key=lambda file: file.name)
    ]


def result(
    step: str,
    inputs: Inputs,
    status: Status,
    reason: str,
    started: datetime,
    seconds: float,
    details: Mapping[str, Any],
) -> str:
    """result.json. ``details`` are the step's own words: ``files`` (as ``described``) for what makes files."""
    document = {
        "step": step,
        "project": inputs.project or None,
        "target": inputs.target or None,
        "change": inputs.change or None,
        "patchset": inputs.patchset or None,
        "pipeline": inputs.pipeline or None,
        "branch": inputs.branch or None,
        "ref": inputs.ref or None,
        "commit": inputs.commit or None,
        "build_id": inputs.build_id,
        "started": started.isoformat(timespec="seconds"),
        "duration": round(seconds, 1),
        "status": status.word,
        "reason": reason,
        **details,
    }
    return json_text(document)


def junit(suite: str, cases: Sequence[Case]) -> str:
    """JUnit's XML: infrastructure's faults are errors, the package's are failures."""

    def count(*statuses: Status) -> str:
        return str(sum(case.status in statuses for case in cases))

    root = ElementTree.Element(
        "testsuite",
        name=suite,
        tests=str(len(cases)),
        failures=count(Status.FAILED),
        errors=count(Status.INFRASTRUCTURE, Status.MISUSED, Status.ABORTED),
        skipped=count(Status.SKIPPED),
        time=f"{sum(case.seconds for case in cases):.1f}",
    )
    for case in cases:
        element = ElementTree.SubElement(
            root, "testcase", classname=suite, name=_clean(case.name), time=f"{case.seconds:.1f}"
        )
        kind = {Status.PASSED: "", Status.FAILED: "failure", Status.SKIPPED: "skipped"}.get(case.status, "error")
        if kind:
            ElementTree.SubElement(element, kind, message=_clean(case.message)).text = _clean(case.output)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text[-_OUTPUT_LIMIT:])

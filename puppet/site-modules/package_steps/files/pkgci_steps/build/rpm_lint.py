"""rpmlint's findings, out of its words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..report import Case
from ..status import Status

# "greet-server.x86_64: W: no-documentation context" (rpmlint 2); a spec's has a line number after its name.
_FINDING = re.compile(r"^([^\s:]+)(?::[0-9]+)?: ([EW]): (\S+)(?: (.*))?$", re.MULTILINE)
_LEVELS = {"E": "error", "W": "warning"}
# As many as result.json names; all are in the log.
_MOST = 200


def parse(text: str) -> list[Mapping[str, str]]:
    """The findings in rpmlint's output: level, package, tag and context."""
    return [
        {"level": _LEVELS[letter], "package": package, "tag": tag, "context": context}
        for package, letter, tag, context in _FINDING.findall(text)
    ]


def report(found: Sequence[Mapping[str, str]]) -> tuple[dict[str, Any], list[Case]]:
    """For result.json, and for junit.xml: errors are failures there, though they fail no build (as lintian's)."""
    counts = {f"{level}s": sum(item["level"] == level for item in found) for level in ("error", "warning")}
    cases = [
        Case(f"rpmlint: {item['package']}: {item['tag']}", Status.FAILED, item["context"] or item["tag"])
        for item in found
        if item["level"] == "error"
    ]
    return {**counts, "findings": list(found[:_MOST])}, cases or [Case("rpmlint")]

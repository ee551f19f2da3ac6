"""lintian's findings. It reads what a change made, so it works as nobody, offline."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..namespaces import offline
from ..report import Case
from ..status import Status
from ..step import Step

# "E: hello source: some-tag some context [place]" (lintian(1)): E error, W warning, I info.
_FINDING = re.compile(r"^([EWI]): ([^\s:]+(?: \w+)?): (\S+)(?: (.*))?$", re.MULTILINE)
_LEVELS = {"E": "error", "W": "warning", "I": "info"}
# As many as result.json names; all are in the log.
_MOST = 200


def findings(step: Step, files: Iterable[Path], folder: Path) -> list[Mapping[str, str]]:
    """What lintian says of ``files``, which are copied to the new ``folder``: level, package, tag and context."""
    folder.mkdir()
    folder.chmod(0o777)
    copies = []
    for file in files:
        copies.append(folder / file.name)
        shutil.copyfile(file, copies[-1])
        copies[-1].chmod(0o644)
    named = [file for file in copies if file.suffix in (".deb", ".dsc", ".udeb")]
    step.log.say("lintian:")
    offline(
        step,
        ["sh", "-c", '"$@" >findings 2>&1; cat findings', "sh", "lintian", "--no-cfg", "--fail-on=none", *named],
        folder,
        environment={"HOME": str(folder), "TMPDIR": str(folder)},
    )
    said = folder / "findings"
    return parse(said.read_text(errors="replace")) if said.is_file() and not said.is_symlink() else []


def parse(text: str) -> list[Mapping[str, str]]:
    """The findings in lintian's output."""
    return [
        {"level": _LEVELS[letter], "package": package, "tag": tag, "context": context}
        for letter, package, tag, context in _FINDING.findall(text)
    ]


def report(found: Sequence[Mapping[str, str]]) -> tuple[dict[str, Any], list[Case]]:
    """For result.json, and for junit.xml: errors are failures there, though they fail no build.

    What a distribution does not accept may be what a maintainer wants, and lintian's judgement changes from release to
    release.
    """
    counts = {f"{level}s": sum(item["level"] == level for item in found) for level in ("error", "warning")}
    cases = [
        Case(f"lintian: {item['package']}: {item['tag']}", Status.FAILED, item["context"] or item["tag"])
        for item in found
        if item["level"] == "error"
    ]
    return {**counts, "findings": list(found[:_MOST])}, cases or [Case("lintian")]

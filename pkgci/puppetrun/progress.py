"""How far a run is, read from its log line by line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

_RESOURCE = re.compile(r"^Info: (.+): Starting to evaluate the resource \((\d+) of (\d+)\)$")


class Phase(StrEnum):
    """What is being done for a host."""

    WAITING = "waiting"
    CONNECTING = "connecting"
    DELIVERING = "delivering"
    FOLLOWING = "following"
    PACKAGES = "packages"
    COMPILING = "compiling"
    APPLYING = "applying"
    RECONNECTING = "reconnecting"


@dataclass(frozen=True)
class Progress:
    """How far the run on ``host`` is: resource ``number`` ``of`` all, and its name (or another last word)."""

    host: str
    phase: Phase
    number: int = 0
    of: int = 0
    resource: str = ""


Watch = Callable[[Progress], None]


def advance(progress: Progress, line: str) -> Progress:
    """The progress after one more ``line`` of the log; the same object where the line tells nothing."""
    if line.startswith("pkgci: installing "):
        return replace(progress, phase=Phase.PACKAGES, resource=line.removeprefix("pkgci: installing "))
    if line == "pkgci: reading the package lists":
        return replace(progress, phase=Phase.PACKAGES, resource="package lists")
    if line == "pkgci: compiling":
        return replace(progress, phase=Phase.COMPILING, resource="")
    match = _RESOURCE.match(line)
    if match is None:
        return progress
    return replace(
        progress, phase=Phase.APPLYING, number=int(match[2]), of=int(match[3]), resource=resource_name(match[1])
    )


def resource_name(path: str) -> str:
    """The last resource of a containment path: '/Stage[main]/Base/File[/etc/x]' is 'File[/etc/x]'."""
    if not path.endswith("]"):
        return path
    # The title may hold slashes and brackets itself: it begins at the last '/Type['.
    starts = [match.start(1) for match in re.finditer(r"(?:^|/)([A-Z][\w:]*\[)", path)]
    return path[starts[-1] :] if starts else path

"""dpkg's own word on two packages that have a path in common: both are unpacked, and it is looked at what is there.

Diversions, what replaces what, links and folders: the rules are dpkg's, and only dpkg knows all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..install.apt import Apt
from . import contents
from .world import Package

_TAKEN = re.compile(r"trying to overwrite (?:shared )?(?:directory )?'([^']+)'")
_EXCLUDED = "conflicting packages - not installing"
# dpkg --verify (rpm's format): a file with another checksum, or none at all.
_CHANGED = re.compile(r"^(?:..5\S*|missing)\s+(?:c\s+)?(/.*?)(?: \(.*\))?$", re.MULTILINE)


def overwritten(apt: Apt, one: Package, other: Package, paths: Sequence[str]) -> list[str]:
    """Those of ``paths``, which both have, that ``other`` takes from ``one``, or the other way round.

    The root is not fit for anything else afterwards. Raises ``Ended`` (infrastructure).
    """
    _, files = contents.fetched(apt, [one, other])
    # Their scripts run when they are unpacked.
    apt.root.close()
    unpack = ("dpkg", "--force-depends", "--unpack", files[one.sha256], files[other.sha256])
    said = apt.root.run(*unpack)
    if said.status != 0:
        return refused(said.text, paths)
    # dpkg takes /bin/x and /usr/bin/x for two files: what one of them has lost is seen by its checksum.
    lost = _CHANGED.findall(apt.root.run("dpkg", "--verify", one.name, other.name).text)
    return sorted({contents.merged(path) for path in lost} & set(paths))


def refused(text: str, paths: Sequence[str]) -> list[str]:
    """Which of ``paths`` dpkg names where it does not unpack both; all where it is something else that it says."""
    if _EXCLUDED in text:
        return []
    return _TAKEN.findall(text) or list(paths)

"""The version of upstream's commit in a spec file, as RDO's and others expect it to be put there. Pure."""

from __future__ import annotations

import re

from ...status import Ended, Status
from .version import Version

# The preamble ends before the first section.
_SECTION = re.compile(
    r"^%(?:description|package|prep|generate_buildrequires|build|install|files|changelog)\b", re.MULTILINE
)
_TAG = r"^([ \t]*{}[ \t]*:[ \t]*)\S.*$"
# What the spec is told: that it is built of git, so that there is no signature of a tarball to check, and what upstream
# itself calls this version, which the tarball is named by.
_TOLD = "%global dlrn 1\n%global sources_gpg 0\n%global upstream_version {}\n"


def with_version(text: str, version: Version, revision: str) -> str:
    """The spec with the version and release in place of its own, `XXX` or whatever. Raises ``Ended`` (failed)."""
    section = _SECTION.search(text)
    end = section.start() if section else len(text)
    preamble = text[:end]
    for name, value in (("Version", version.rpm), ("Release", f"{revision}%{{?dist}}")):
        pattern = re.compile(_TAG.format(name), re.MULTILINE | re.IGNORECASE)
        preamble, count = pattern.subn(rf"\g<1>{value}", preamble)
        if not count:
            raise Ended(Status.FAILED, f"the spec file has no line '{name}: …' before its first section")
    return _TOLD.format(version.python) + preamble + text[end:]

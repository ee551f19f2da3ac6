"""debian/changelog: what a source package is called, and the entry that a build gets which is not the release's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import format_datetime

from ..inputs import Inputs
from ..status import Ended, Status

# The first line of an entry (deb-changelog(5)).
_ENTRY = re.compile(r"^([a-z0-9][a-z0-9+.-]+) \(([0-9][A-Za-z0-9.+~:-]*)\)((?: [A-Za-z0-9+._-]+)+);.*$", re.MULTILINE)
_AUTHOR = re.compile(r"^ -- ([^<>\n]{1,200}<[^<>\s]{1,200}>)  ", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """A source package's name and version."""

    source: str
    version: str

    @property
    def without_epoch(self) -> str:
        """The version, as in the names of files."""
        return self.version.partition(":")[2] or self.version

    @property
    def upstream(self) -> str:
        """Upstream's part of the version, without the epoch; all of it for a native package."""
        return self.without_epoch.rpartition("-")[0] or self.without_epoch


def latest(text: str) -> Release:
    """The entry on top. Raises ``Ended`` (failed)."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    found = _ENTRY.match(first)
    if not found:
        raise Ended(
            Status.FAILED, f"debian/changelog does not begin with 'package (version) suite; urgency=…': {first[:100]!a}"
        )
    return Release(found[1], found[2])


def suffix(inputs: Inputs) -> str:
    """What the version of a build has at its end: nothing for a release, else what sorts before the release."""
    if inputs.is_release:
        return ""
    return f"~c{inputs.change or '0'}.{inputs.patchset or '0'}"


def entry(release: Release, suite: str, inputs: Inputs, time: int, text: str) -> str:
    """An entry for ``release`` at ``time`` (seconds since 1970), to be put on top of ``text``.

    It is signed as the entry below it: another name would be somebody else's upload, for lintian.
    """
    author = _AUTHOR.search(text)
    date = datetime.fromtimestamp(time, timezone.utc)  # noqa: UP017 (Python 3.10)
    what = f"change {inputs.change}, patch set {inputs.patchset or '0'}" if inputs.change else "a tree, no change"
    return (
        f"{release.source} ({release.version}) {suite}; urgency=medium\n\n"
        f"  * Built of {what}, by pkgci. This is no release.\n\n"
        f" -- {author[1] if author else 'pkgci <pkgci@localhost>'}  {format_datetime(date)}\n\n"
    )

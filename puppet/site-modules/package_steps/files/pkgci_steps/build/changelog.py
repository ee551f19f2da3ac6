"""debian/changelog: what a source package is called, and the entry that a build puts on top of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime

from ..inputs import Inputs
from ..settings import Target
from ..status import Ended, Status

# The first line of an entry (deb-changelog(5)).
_ENTRY = re.compile(r"^([a-z0-9][a-z0-9+.-]+) \(([0-9][A-Za-z0-9.+~:-]*)\)((?: [A-Za-z0-9+._-]+)+);.*$", re.MULTILINE)
_SIGNATURE = re.compile(r"^ -- ([^<>\n]{1,200}<[^<>\s]{1,200}>)  (.*)$", re.MULTILINE)
# The suite of what its maintainer has not released yet.
UNRELEASED = "UNRELEASED"


@dataclass(frozen=True)
class Release:
    """A source package's name and version, and the suites that its changelog names for it."""

    source: str
    version: str
    suites: tuple[str, ...] = ()

    @property
    def without_epoch(self) -> str:
        """The version, as in the names of files."""
        return self.version.partition(":")[2] or self.version

    @property
    def upstream(self) -> str:
        """Upstream's part of the version, without the epoch; all of it for a native package."""
        return self.without_epoch.rpartition("-")[0] or self.without_epoch

    @property
    def is_unreleased(self) -> bool:
        """Whether its maintainer says that it is no release yet (dch(1))."""
        return UNRELEASED in self.suites


def latest(text: str) -> Release:
    """The entry on top. Raises ``Ended`` (failed)."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    found = _ENTRY.match(first)
    if not found:
        raise Ended(
            Status.FAILED, f"debian/changelog does not begin with 'package (version) suite; urgency=…': {first[:100]!a}"
        )
    return Release(found[1], found[2], tuple(found[3].split()))


def suffix(inputs: Inputs) -> str:
    """What the version of a build has at its end: nothing for a release, else what sorts before the release."""
    if inputs.is_release:
        return ""
    return f"~c{inputs.change or '0'}.{inputs.patchset or '0'}"


def built(text: str, target: Target, inputs: Inputs, time: int) -> tuple[Release, str]:
    """What is built of the changelog ``text``, and the entry to be put on top of it; '' where none is needed.

    The entry is signed as the one below it: another name would be somebody else's upload, for lintian. It is a second
    younger than that one, so that the same tree gives the same release; ``time`` (seconds since 1970) is for a
    changelog without a date. Raises ``Ended`` (failed).
    """
    release = latest(text)
    added = target.version_suffix + suffix(inputs)
    if not added:
        return release, ""
    what = f"change {inputs.change}, patch set {inputs.patchset or '0'}" if inputs.change else "a tree, no change"
    why = (
        f"Built for {target.name}, by pkgci."
        if inputs.is_release
        else f"Built of {what}, by pkgci. This is no release."
    )
    author, date = _signature(text, datetime.fromtimestamp(time, timezone.utc))  # noqa: UP017 (Python 3.10)
    release = replace(release, version=release.version + added)
    return release, (
        f"{release.source} ({release.version}) {target.suite}; urgency=medium\n\n"
        f"  * {why}\n\n"
        f" -- {author}  {format_datetime(date)}\n\n"
    )


def _signature(text: str, otherwise: datetime) -> tuple[str, datetime]:
    """Who signed the latest entry, and a second after when."""
    found = _SIGNATURE.search(text)
    if not found:
        return "pkgci <pkgci@localhost>", otherwise
    try:
        return found[1], parsedate_to_datetime(found[2]) + timedelta(seconds=1)
    except (ValueError, OverflowError):
        return found[1], otherwise

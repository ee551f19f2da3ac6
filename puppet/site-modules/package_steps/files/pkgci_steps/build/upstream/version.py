"""The version of a commit that upstream has not released, from the tags before it. Pure.

It sorts after the last tag and before whatever comes next, in each of three orders: Python's (PEP 440), dpkg's and
rpm's. These differ in what they make of letters, so a version is kept as what it means, and written for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

_NUMBER = r"[0-9]{1,18}"
# A tag that is a version: as PEP 440 has it, without epochs, local and development versions. A letter without a number
# is another project's fourth release, and no first alpha.
_TAG = re.compile(
    rf"(?:(?P<word>[^/]+)[-_/])?v?(?P<release>{_NUMBER}(?:\.{_NUMBER}){{0,7}})"
    rf"(?:[-_.]?(?:(?P<phase>alpha|beta|preview|post|pre|rc)[-_.]?(?P<number>{_NUMBER})?"
    rf"|(?P<letter>[abc])[-_.]?(?P<count>{_NUMBER})))?",
    re.IGNORECASE,
)
# What may stand before the version in a tag, beside the project's own name.
_WORDS = ("", "release", "rel", "version", "ver", "upstream")
# What a version of upstream has at least, where its next one is to be named.
_PARTS = 3


class Phase(IntEnum):
    """What a version is of its release, in the order in which they come."""

    ALPHA = 0
    BETA = 1
    CANDIDATE = 2
    FINAL = 3
    POST = 4


class Bump(IntEnum):
    """Which part of the version the next release raises, by what was changed: pbr's Sem-Ver."""

    FIX = 2
    FEATURE = 1
    BREAK = 0


_PHASES = {
    **dict.fromkeys(("a", "alpha"), Phase.ALPHA),
    **dict.fromkeys(("b", "beta"), Phase.BETA),
    **dict.fromkeys(("c", "rc", "pre", "preview"), Phase.CANDIDATE),
    "": Phase.FINAL,
    "post": Phase.POST,
}
# How each phase is written: in PEP 440, in a deb's version, in an RPM's.
_PYTHON = {Phase.ALPHA: "a", Phase.BETA: "b", Phase.CANDIDATE: "rc", Phase.FINAL: "", Phase.POST: ".post"}
_DEB = {Phase.ALPHA: "~a", Phase.BETA: "~b", Phase.CANDIDATE: "~rc", Phase.FINAL: "", Phase.POST: "+post"}
_RPM = {**_DEB, Phase.POST: ".post"}


@dataclass(frozen=True)
class Version:
    """The version of a tag, and of the commit that comes ``commits`` after it."""

    release: tuple[int, ...]
    phase: Phase = Phase.FINAL
    number: int = 0
    commits: int = 0
    bump: Bump = Bump.FIX

    @property
    def order(self) -> tuple[object, ...]:
        """By it versions are sorted: 1.2 and 1.2.0 are one."""
        return _significant(self.release), self.phase, self.number, self.commits

    @property
    def python(self) -> str:
        """As Python's packages have it, and pbr: the next version, in development."""
        if not self.commits:
            return self._written(_PYTHON)
        return f"{self._next()._written(_PYTHON)}.dev{self.commits}"

    @property
    def deb(self) -> str:
        """Upstream's part of a deb's version."""
        return self._written(_DEB) + (f"+git{self.commits}" if self.commits else "")

    @property
    def rpm(self) -> str:
        """An RPM's version."""
        return self._written(_RPM) + (f"^git{self.commits}" if self.commits else "")

    def _written(self, words: dict[Phase, str]) -> str:
        number = "" if self.phase is Phase.FINAL else str(self.number)
        return ".".join(map(str, self.release)) + words[self.phase] + number

    def _next(self) -> Version:
        if self.phase is not Phase.FINAL:
            return replace(self, number=self.number + 1)
        parts = [*self.release, *[0] * (_PARTS - len(self.release))]
        place = len(parts) - 1 if self.bump is Bump.FIX else int(self.bump)
        return replace(self, release=(*parts[:place], parts[place] + 1, *[0] * (len(parts) - place - 1)))


def parse(tag: str, name: str = "") -> Version | None:
    """The version that ``tag`` of the project called ``name`` means; None where it is none."""
    found = _TAG.fullmatch(tag)
    if not found or (found["word"] or "").lower() not in (*_WORDS, name.lower()):
        return None
    release = tuple(int(part) for part in found["release"].split("."))
    phase = _PHASES[(found["phase"] or found["letter"] or "").lower()]
    if phase < Phase.FINAL:
        # OpenStack's 12.0.0.0rc1 is the candidate of 12.0.0, before which it is to sort.
        while len(release) > _PARTS and release[-1] == 0:
            release = release[:-1]
    return Version(release, phase, int(found["number"] or found["count"] or 0))


def last(tags: Iterable[str], name: str = "") -> tuple[str, Version] | None:
    """The highest version among ``tags``, with the tag that has it; None where no tag is a version.

    Where upstream writes one release as 1.3.0 (a candidate) and as 1.3, the longest counts: dpkg and rpm tell them
    apart.
    """
    found = [(version, tag) for tag in sorted(tags) if (version := parse(tag, name)) is not None]
    if not found:
        return None
    version, tag = max(found, key=lambda item: item[0].order)
    same = [other.release for other, _ in found if _significant(other.release) == _significant(version.release)]
    return tag, replace(version, release=max(same, key=len))


def unreleased(before: Version | None, commits: int, bump: Bump = Bump.FIX) -> Version:
    """The version of what comes ``commits`` after the tag ``before``; None where there was no tag yet."""
    return replace(before or Version((0,)), commits=commits, bump=bump)


def bump_of(messages: str) -> Bump:
    """What the ``messages`` of commits say that they change: the lines `Sem-Ver: feature, api-break`."""
    said = re.findall(r"^Sem-Ver:(.*)$", messages, re.MULTILINE | re.IGNORECASE)
    words = {word.strip().lower() for line in said for word in line.split(",")}
    if "api-break" in words:
        return Bump.BREAK
    return Bump.FEATURE if words & {"feature", "deprecation"} else Bump.FIX


def _significant(release: tuple[int, ...]) -> tuple[int, ...]:
    while len(release) > 1 and release[-1] == 0:
        release = release[:-1]
    return release

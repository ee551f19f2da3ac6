"""Whose fault it is that apt or dnf failed: told by what they say, since they have one exit status for everything."""

from __future__ import annotations

import re

from ..report import Case
from ..status import Status
from .root import Said

# What they say of mirrors, networks, keys and disks. In an installation without a network only the last can come.
_INFRASTRUCTURE = re.compile(
    r"Failed to fetch|Unable to fetch|Could not resolve|Temporary failure|Could not connect"
    r"|Connection (timed out|refused)|Hash Sum mismatch|File has unexpected size"
    r"|NO_PUBKEY|EXPKEYSIG|REVKEYSIG|is not signed|[Cc]ertificate verif"
    r"|Could not get lock|Unable to lock|No space left on device|gpgv.*fail|There is no public key"
    r"|Version '.*' for '.*' was not found|Unable to locate package|Unable to find a match"
    r"|Curl error|Cannot download|Failed to download|All mirrors were tried|GPG check FAILED|repomd\.xml GPG signature"
    r"|[Bb]ad GPG signature|Public key for .* is not installed|Status code: [0-9]{3}|Failed to synchronize cache"
)
# The first line that tells a person what is wrong, the best kinds first.
_TELLING = (
    re.compile(r"^ *(\S+ : (?:Depends|PreDepends|Conflicts|Breaks): .*)$", re.MULTILINE),
    re.compile(
        r"^ *(?:- )?(nothing provides .*|.* conflicts with file from .*|.*installed package .* obsoletes.*)$",
        re.MULTILINE,
    ),
    re.compile(r"^ *(trying to overwrite .*)$", re.MULTILINE),
    re.compile(r"^ *((?:new|old|installed) \S+ package \S+ script subprocess returned error .*)$", re.MULTILINE),
    re.compile(r"^(?:warning: |error: )?(%\S+ scriptlet failed.*)$", re.MULTILINE),
    re.compile(r"^(?:E|dpkg|Error|error): (?!Unable to correct|Sub-process)(.*)$", re.MULTILINE),
)


def message(said: Said) -> str:
    """What is wrong, in one line."""
    for pattern in _TELLING:
        found = pattern.search(said.text)
        if found:
            return found[1].strip()
    lines = said.text.strip().splitlines()
    return lines[-1].strip() if lines else f"status {said.status}, without a word"


def case(name: str, said: Said, seconds: float = 0.0) -> Case:
    """The case ``name``, as good as ``said``; the package's fault unless it speaks of the infrastructure."""
    if said.status == 0:
        return Case(name, output=said.text, seconds=seconds)
    found = _INFRASTRUCTURE.search(said.text)
    status = Status.INFRASTRUCTURE if found else Status.FAILED
    return Case(name, status, _line(said.text, found.start()) if found else message(said), said.text, seconds)


def _line(text: str, position: int) -> str:
    start = text.rfind("\n", 0, position) + 1
    return text[start:].partition("\n")[0].strip()

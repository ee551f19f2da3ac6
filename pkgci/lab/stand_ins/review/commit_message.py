"""The Change-Id in a commit message's last paragraph, which makes commits versions of one change."""

from __future__ import annotations

import re

from pkgci.lab.stand_ins.review.model import RefusedError

_FOOTER = re.compile(r"^Change-Id:\s*(\S+)\s*$", re.MULTILINE)
_CHANGE_ID = re.compile(r"I[0-9a-f]{40}")


def change_id(message: str, revision: str) -> str:
    """The Change-Id of a commit. Raises ``RefusedError`` where it has none, several, or one that is malformed."""
    paragraphs = re.split(r"\n\s*\n", message.strip())
    found = _FOOTER.findall(paragraphs[-1]) if len(paragraphs) > 1 else []
    short = revision[:7]
    if not found:
        raise RefusedError(f"commit {short}: missing Change-Id in message footer")
    if len(found) > 1:
        raise RefusedError(f"commit {short}: multiple Change-Id lines in message footer")
    if not _CHANGE_ID.fullmatch(found[0]):
        raise RefusedError(f"commit {short}: invalid Change-Id line format in message footer")
    return str(found[0])

"""Where bytes and words of strangers become text that can be stored, sorted and shown: here, and nowhere else."""

from __future__ import annotations

import re

# What no page shows: controls of terminals (C0, DEL, C1), halves of characters, and what turns the direction of text.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def legible(words: str | bytes, limit: int) -> str:
    """``words``, at most ``limit`` characters of them, as text that every encoding takes; the unfit are replaced."""
    if isinstance(words, bytes):
        words = words[: 4 * limit].decode(errors="replace")
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", words[:limit])

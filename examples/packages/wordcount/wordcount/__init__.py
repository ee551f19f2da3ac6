"""Counts words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"\w+(?:['’]\w+)*")


def count(lines: Iterable[str]) -> Counter[str]:
    """How often each word is in ``lines``, whatever its case."""
    return Counter(word.lower() for line in lines for word in _WORD.findall(line))

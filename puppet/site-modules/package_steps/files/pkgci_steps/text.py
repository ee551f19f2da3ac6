"""Where words of strangers, such as the names of files, become text that can be stored and shown.

A name that is not UTF-8 comes as text with halves of characters in it (Python's surrogates), which no encoding takes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_HALVES = re.compile("[\ud800-\udfff]")
# Controls of terminals but the tab (C0, DEL, C1), ends of lines, and what turns the direction of writing.
_UNFIT = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_INSTEAD = "\N{REPLACEMENT CHARACTER}"


def in_line(words: str) -> str:
    """``words`` as a part of one line: it neither begins another one nor tells a terminal anything."""
    return _UNFIT.sub(_INSTEAD, words)


def json_text(document: Mapping[str, Any]) -> str:
    """``document`` as JSON that every program can read, with a newline at its end."""
    return _HALVES.sub(_INSTEAD, json.dumps(document, indent=2, ensure_ascii=False)) + "\n"

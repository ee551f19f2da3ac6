"""What hosts, servers and jobs say, as text that tells nobody's terminal anything.

Their words stay exact inside pkgci. They become this on their way out: where a command writes to a screen
(``pkgci.cli.say``, ``pkgci.cli.screen``), and where a report is made of them (``pkgci.junit``).
"""

from __future__ import annotations

import re

# The controls of terminals (C0 but the tab and the newline, DEL, C1), what turns the direction of writing, halves of
# characters, and what no XML holds.
_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
# What honest programs colour their words with. Everything else that begins with an escape is shown.
_COLOUR = re.compile("\x1b\\[[0-9;]{0,40}m")


def legible(words: str) -> str:
    """``words`` without colours; any other control is a picture of itself, and what has none a replacement character.

    An escape that would set a window's title becomes ``␛]0;title␇``.
    """
    return _UNFIT.sub(_picture, _COLOUR.sub("", words)) if _UNFIT.search(words) else words


def escaped(json: str) -> str:
    """A JSON text that means the same, where what is unfit for a terminal is escaped."""
    return _UNFIT.sub(lambda match: f"\\u{ord(match[0]):04x}", json)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else "\N{REPLACEMENT CHARACTER}"

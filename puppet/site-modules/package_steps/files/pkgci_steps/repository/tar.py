"""A tar archive, read piece by piece and without interpretation: what is no plain ustar or GNU archive is refused.

Python's tarfile, GNU tar, dpkg and apt do not agree on extended headers, on names that are given twice, nor on what
comes after the end. Here there is one reading only, and what has another one ends in ``ValueError``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_BLOCK = 512
_USTAR, _GNU = b"ustar\x0000", b"ustar  \x00"
_LONG_NAME, _LONG_LINK = b"L", b"K"
# Type in a header → what it is. dpkg knows no others.
_KINDS = {
    b"0": "file",
    b"\0": "file",
    b"1": "link",
    b"2": "symlink",
    b"3": "device",
    b"4": "device",
    b"5": "folder",
    b"6": "fifo",
}
_NUMBER = re.compile(rb" *([0-7]+)[ \0]*")
_LONG_LIMIT = 8192


@dataclass(frozen=True)
class Member:
    """One member. ``name`` is as it is in the archive, ``kind`` a word."""

    name: bytes
    kind: str
    size: int


class Reader:
    """Calls ``seen`` with each member, and with its content where that is asked for: ``wanted`` says so."""

    def __init__(
        self,
        seen: Callable[[Member, bytes], None],
        wanted: Callable[[Member], bool] = lambda member: False,
        *,
        may_be_long: bool = True,
    ) -> None:
        self._seen = seen
        self._wanted = wanted
        self._may_be_long = may_be_long
        self._rest = b""
        self._skip = 0
        self._member: Member | None = None
        self._content = bytearray()
        self._left = 0
        self._long = b""
        self._is_over = False

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of the archive."""
        data = self._rest + data
        start = 0
        while start < len(data):
            if self._left or self._skip:
                start += self._pass(data[start : start + max(self._left, self._skip)])
                continue
            if len(data) - start < _BLOCK:
                break
            self._header(data[start : start + _BLOCK])
            start += _BLOCK
            if self._left == 0:
                self._finish()
        self._rest = data[start:]

    def close(self) -> None:
        """There is no more. Raises ``ValueError`` where the archive is not at its end."""
        if self._rest.strip(b"\0") or self._left or self._skip or not self._is_over:
            raise ValueError("an archive in it is cut off")

    def _pass(self, piece: bytes) -> int:
        """Takes a piece of a member's content, or of what fills its last block."""
        if self._left:
            piece = piece[: self._left]
            if self._member and (self._wanted(self._member) or self._member.kind == "long"):
                self._content += piece
            self._left -= len(piece)
            if self._left == 0:
                self._finish()
            return len(piece)
        piece = piece[: self._skip]
        self._skip -= len(piece)
        return len(piece)

    def _header(self, block: bytes) -> None:
        if not block.strip(b"\0"):
            self._is_over = True
            return
        if self._is_over:
            raise ValueError("an archive in it has something after its end")
        check = sum(block[:148]) + sum(block[156:]) + 8 * 32
        if _number(block[148:156]) != check:
            raise ValueError("an archive in it is damaged")
        magic, kind = block[257:265], block[156:157]
        if magic not in (_USTAR, _GNU):
            raise ValueError("an archive in it is of a kind that dpkg does not make")
        name = _text(block[:100])
        if magic == _USTAR and (prefix := _text(block[345:500])):
            name = prefix + b"/" + name
        size = _number(block[124:136])
        self._skip = -size % _BLOCK
        self._content.clear()
        if kind in (_LONG_LINK, _LONG_NAME):
            if not self._may_be_long or size > _LONG_LIMIT or not size:
                raise ValueError("an archive in it has a name that is too long")
            self._member, self._left = Member(kind, "long", size), size
            return
        if kind not in _KINDS:
            raise ValueError(f"an archive in it has a member of a kind that dpkg does not know ({kind!a})")
        if _KINDS[kind] != "file" and size:
            raise ValueError("an archive in it has a member with content that has none")
        self._member, self._left = Member(self._long or name, _KINDS[kind], size), size
        self._long = b""

    def _finish(self) -> None:
        """A member is complete."""
        member, self._member = self._member, None
        if member is None:
            return
        content = bytes(self._content)
        if member.kind != "long":
            self._seen(member, content)
        elif content.count(b"\0") != 1 or not content.endswith(b"\0"):
            raise ValueError("an archive in it has a long name that is none")
        elif member.name == _LONG_NAME:
            if self._long:
                raise ValueError("an archive in it has a name twice")
            self._long = content[:-1]


def _text(field: bytes) -> bytes:
    """A field up to its first NUL: what follows is read by nobody, and may not be there."""
    text, _, rest = field.partition(b"\0")
    if rest.strip(b"\0"):
        raise ValueError("an archive in it has a name with a NUL in it")
    return text


def _number(field: bytes) -> int:
    found = _NUMBER.fullmatch(field)
    if not found:
        raise ValueError("an archive in it has a number that is none, or is too large")
    return int(found[1], 8)

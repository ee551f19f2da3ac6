"""The outer archive of a .deb, read so that no two programs can read it differently: three members and not a byte more.

dpkg takes the first data member and passes over what it does not know, apt looks for members by their names, GNU ar
knows long names: what one of them could understand in another way is refused.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

_MAGIC = b"!<arch>\n"
# Name, time, user, group, mode, size, end: columns, which need no blank between them.
_HEADER = struct.Struct("16s12s6s6s8s10s2s")
_NAME, _NUMBER = re.compile(rb"([A-Za-z][A-Za-z0-9.-]*) *"), re.compile(rb"([0-9]+) *")
_END = b"`\n"
_CONTROL = re.compile(r"control\.tar(\.gz|\.xz|\.zst|)")
_DATA = re.compile(r"data\.tar(\.gz|\.xz|\.zst|\.bz2|\.lzma|)")
_VERSION = b"2.0\n"


@dataclass(frozen=True)
class Part:
    """A compressed tar archive in a .deb. ``suffix`` says how it is compressed, '' not at all."""

    suffix: str
    start: int
    size: int


def parts(file: BinaryIO) -> tuple[Part, Part]:
    """Where control and data of the package in ``file`` are. Raises ``ValueError`` in words."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("it is no Debian package: not an ar archive")
    found: list[tuple[str, Part]] = []
    while header := file.read(_HEADER.size):
        if len(found) == 3:
            raise ValueError("it has something after its data member")
        found.append(_member(header, file))
    if len(found) != 3:
        raise ValueError(f"it has {len(found)} members, not three")
    (first, version), (second, control), (third, data) = found
    file.seek(version.start)
    if first != "debian-binary" or file.read(version.size) != _VERSION:
        raise ValueError("it does not begin with debian-binary of version 2.0")
    return _tar(_CONTROL, second, control), _tar(_DATA, third, data)


def _member(header: bytes, file: BinaryIO) -> tuple[str, Part]:
    """A member's name and place; ``file`` is after it then."""
    if len(header) != _HEADER.size:
        raise ValueError("it has something after its data member, or is cut off")
    name, *numbers, end_mark = _HEADER.unpack(header)
    named, sizes = _NAME.fullmatch(name), [_NUMBER.fullmatch(number) for number in numbers]
    size = sizes[-1]
    if not named or size is None or None in sizes or end_mark != _END:
        raise ValueError(f"its archive has a header that is none: {header[:16]!a}")
    part = Part("", file.tell(), int(size[1]))
    end = file.seek(0, 2)
    if part.start + part.size > end:
        raise ValueError("its archive is cut off")
    file.seek(part.start + part.size)
    if part.size % 2 and file.read(1) not in (b"\n", b""):
        raise ValueError("its archive has something between its members")
    return named[1].decode(), part


def _tar(names: re.Pattern[str], name: str, part: Part) -> Part:
    found = names.fullmatch(name)
    if not found:
        raise ValueError(f"its member {name[:20]!a} is not where dpkg has {names.pattern.partition('(')[0]!a}")
    return Part(found[1], part.start, part.size)

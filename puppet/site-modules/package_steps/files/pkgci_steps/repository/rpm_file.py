"""What an RPM file is, byte by byte: lead, signature header, header and payload, and nothing else.

rpm, createrepo_c and dnf read the header, and the header alone says what is installed: of the payload rpm takes what
the header names, compares it with the header's checksums, and refuses anything more. So the header is read here as
rpm reads it, and what an older or newer rpm could read in another way is refused: tags outside of the region that its
checksum covers, tags twice, a signature header with more in it than sizes and checksums, bytes after the payload.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_LEAD = struct.Struct(">4sBBHH66sHH16s")
_LEAD_MAGIC, _SIGNATURE_HEADER = b"\xed\xab\xee\xdb", 5
_INTRO, _ENTRY = struct.Struct(">8sII"), struct.Struct(">iiii")
_MAGIC = b"\x8e\xad\xe8\x01\0\0\0\0"
_REGIONS = {"signature": 62, "header": 63}
# What a header may have: entries, and bytes.
_ENTRIES, _BYTES = 10_000, 128 * 1024 * 1024
_STRING, _BINARY, _STRINGS, _TRANSLATED = 6, 7, 8, 9
_SIZES = {2: 1, 3: 2, 4: 4, 5: 8}
# Of a signature header: sizes, checksums and room for signatures. Anything else in it signs, or says something.
_UNSIGNED = frozenset((62, 269, 270, 271, 273, 279, 999, 1000, 1004, 1007, 1008))
# And the signatures that we make: of the header, of all of it, and those of rpm 6.
_SIGNED = _UNSIGNED | {267, 268, 278, 1002, 1005}
_SHA256, _PAYLOAD_SIZE = 273, (270, 1000)
# Tags of the header.
NAME, VERSION, RELEASE, EPOCH, SUMMARY, DESCRIPTION, ARCH = 1000, 1001, 1002, 1003, 1004, 1005, 1022
SOURCE_RPM, SOURCE_PACKAGE = 1044, 1106
BASENAMES, DIRNAMES, DIRINDEXES, OLD_FILE_NAMES = 1117, 1118, 1116, 1027
_PAYLOAD_DIGEST, _PAYLOAD_ALGORITHM = 5092, 5093
_OF_SHA256 = 8
# Everything that has something run on the machine: scripts, triggers, and those of files.
SCRIPTS = frozenset((1023, 1024, 1025, 1026, 1065, 1079, 1151, 1152, 5066, 5069, 5076, 5079, 5104, 5105))
# Relation → its tags: names, flags, versions.
RELATIONS = {
    "Provides": (1047, 1112, 1113),
    "Obsoletes": (1090, 1114, 1115),
    "Conflicts": (1054, 1053, 1055),
    "Supplements": (5052, 5054, 5053),
}
# What goes to the metadata of a repository as text.
_TEXTS = (
    NAME,
    VERSION,
    RELEASE,
    SUMMARY,
    DESCRIPTION,
    1007,
    1011,
    1014,
    1015,
    1016,
    1020,
    ARCH,
    SOURCE_RPM,
    1081,
    1082,
)
_LISTED = (BASENAMES, DIRNAMES, 1047, 1090, 1054, 1049, 5046, 5049, 5052, 5055, 1113, 1115, 1055, 1050)


@dataclass(frozen=True)
class Header:
    """The tags of a header, and the SHA-256 checksum of all of it."""

    tags: dict[int, tuple[int, bytes, int, int]]
    sha256: str

    def text(self, tag: int) -> str:
        """The first string of a tag; '' where there is none."""
        return next(iter(self.texts(tag)), "")

    def texts(self, tag: int) -> list[str]:
        """The strings of a tag. Raises ``ValueError`` where they are none."""
        if tag not in self.tags:
            return []
        kind, data, offset, count = self.tags[tag]
        if kind not in (_STRING, _STRINGS, _TRANSLATED):
            raise ValueError(f"its tag {tag} is no text")
        found = data[offset:].split(b"\0", count) if count > 1 else [data[offset : data.find(b"\0", offset)], b""]
        if len(found) != count + 1 or (count == 1 and b"\0" not in data[offset:]):
            raise ValueError(f"its tag {tag} is cut off")
        try:
            return [text.decode() for text in found[:count]]
        except UnicodeDecodeError:
            raise ValueError(f"its tag {tag} is not UTF-8") from None

    def numbers(self, tag: int) -> tuple[int, ...]:
        """The numbers of a tag. Raises ``ValueError`` where they are none."""
        if tag not in self.tags:
            return ()
        kind, data, offset, count = self.tags[tag]
        size = _SIZES.get(kind, 0)
        piece = data[offset : offset + size * count]
        if not size or len(piece) != size * count:
            raise ValueError(f"its tag {tag} has no numbers")
        return tuple(int.from_bytes(piece[at : at + size], "big") for at in range(0, len(piece), size))

    def paths(self) -> list[str]:
        """The files, as rpm installs them: of a source package, their names."""
        folders, names, of = self.texts(DIRNAMES), self.texts(BASENAMES), self.numbers(DIRINDEXES)
        if len(names) != len(of) or any(index >= len(folders) for index in of):
            raise ValueError("its list of files is none")
        return [folders[index] + name for name, index in zip(names, of, strict=True)]


def read(path: Path, *, is_signed: bool = False) -> Header:
    """The header of the package in ``path``, which may be signed where ``is_signed``.

    Raises ``ValueError`` in words.
    """
    try:
        with path.open("rb") as file:
            header = _read(file, _SIGNED if is_signed else _UNSIGNED)
        _check_texts(header)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    return header


def _read(file: BinaryIO, allowed: frozenset[int]) -> Header:
    is_source = _check_lead(file.read(_LEAD.size))
    signature = _header(file, "signature")
    file.seek(-file.tell() % 8, 1)
    if more := sorted(set(signature.tags) - allowed):
        raise ValueError(f"its signature header has the tag {more[0]}: packages are signed when they are published")
    start = file.tell()
    header = _header(file, "header")
    if signature.text(_SHA256) != header.sha256:
        raise ValueError("it has no SHA-256 checksum of its header, or another one")
    if bool(header.tags.get(SOURCE_PACKAGE)) != is_source:
        raise ValueError("its lead does not say whether it is a source package")
    if header.numbers(_PAYLOAD_ALGORITHM)[:1] != (_OF_SHA256,):
        raise ValueError("it has no SHA-256 checksum of its payload: rpm 4.14 or newer makes one")
    digest = hashlib.sha256()
    while piece := file.read(1 << 20):
        digest.update(piece)
    if header.texts(_PAYLOAD_DIGEST)[:1] != [digest.hexdigest()]:
        raise ValueError("its payload is not what its header says: it is damaged, or something follows it")
    size = next((signature.numbers(tag) for tag in _PAYLOAD_SIZE if tag in signature.tags), ())
    if size and size != (file.tell() - start,):
        raise ValueError("its size is not what it says")
    return header


def _check_lead(data: bytes) -> bool:
    """Whether it says that it is of a source package."""
    if len(data) != _LEAD.size:
        raise ValueError("it is no RPM package")
    magic, major, _, kind, _, _, _, signature, _ = _LEAD.unpack(data)
    if magic != _LEAD_MAGIC or major not in (3, 4) or kind not in (0, 1) or signature != _SIGNATURE_HEADER:
        raise ValueError("it is no RPM package")
    return bool(kind)


def _header(file: BinaryIO, which: str) -> Header:
    intro = file.read(_INTRO.size)
    if len(intro) != _INTRO.size:
        raise ValueError(f"its {which} is cut off")
    magic, count, size = _INTRO.unpack(intro)
    if magic != _MAGIC or not 0 < count <= _ENTRIES or not 16 <= size <= _BYTES:
        raise ValueError(f"its {which} is none")
    index, data = file.read(count * _ENTRY.size), file.read(size)
    if len(index) + len(data) != count * _ENTRY.size + size:
        raise ValueError(f"its {which} is cut off")
    entries = list(_ENTRY.iter_unpack(index))
    region = _REGIONS[which]
    # The region is all of it: its own entry comes first, and its end, which points back to the first entry, last.
    if entries[0] != (region, _BINARY, size - 16, 16) or _ENTRY.unpack(data[-16:]) != (
        region,
        _BINARY,
        -16 * count,
        16,
    ):
        raise ValueError(f"its {which} has tags that its checksum does not cover")
    tags: dict[int, tuple[int, bytes, int, int]] = {}
    for tag, kind, offset, many in entries:
        if tag in tags:
            raise ValueError(f"its {which} has the tag {tag} twice")
        if not 0 <= offset <= size - 16 or many <= 0 or (kind == _STRING and many != 1):
            raise ValueError(f"its {which} is damaged")
        tags[tag] = (kind, data, offset, many)
    return Header(tags, hashlib.sha256(intro + index + data).hexdigest())


def _check_texts(header: Header) -> None:
    """What the metadata of a repository repeats is text, of which XML can be made. Raises ``ValueError`` in words."""
    if OLD_FILE_NAMES in header.tags:
        raise ValueError("it has a list of files of the old kind")
    for tag in _TEXTS:
        _check_plain(tag, header.texts(tag), "\t\n\r")
    for tag in _LISTED:
        _check_plain(tag, header.texts(tag), "")
    paths = header.paths()
    if len(set(paths)) != len(paths):
        raise ValueError("it has a file twice")
    for path in paths:
        if {".", ".."} & set(path.split("/")) or "//" in path:
            raise ValueError(f"it has the file {path[:100]!a}, which is no path in its own right")


def _check_plain(tag: int, texts: Iterable[str], allowed: str) -> None:
    for text in texts:
        if bad := next((c for c in text if (ord(c) < 32 or 127 <= ord(c) < 160) and c not in allowed), None):
            raise ValueError(f"its tag {tag} has the control character {bad!a}: {text[:60]!a}")

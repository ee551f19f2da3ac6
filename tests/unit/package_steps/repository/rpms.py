"""RPM packages byte by byte: good ones, and whatever else somebody may put together."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from typing import Any

from pkgci_steps.repository import rpm_file

INT16, INT32, STRING, BINARY, STRINGS, TRANSLATED = 3, 4, 6, 7, 8, 9
Tag = tuple[int, int, Any]
TAGS = {
    "NAME": (1000, STRING),
    "VERSION": (1001, STRING),
    "RELEASE": (1002, STRING),
    "EPOCHNUM": (1003, INT32),
    "SUMMARY": (1004, TRANSLATED),
    "DESCRIPTION": (1005, TRANSLATED),
    "ARCH": (1022, STRING),
    "SOURCERPM": (1044, STRING),
    "SOURCEPACKAGE": (1106, INT32),
    "POSTIN": (1024, STRING),
}
_LEAD = b"\xed\xab\xee\xdb\x03\0"


def rpm(
    words: Mapping[str, str],
    *,
    text: str = "",
    files: Iterable[str] = (),
    relations: Iterable[tuple[str, str, int, str]] = (),
    more: Iterable[Tag] = (),
    signature: Iterable[Tag] = (),
    after: bytes = b"",
) -> bytes:
    """A package. ``words`` are by TAGS; relations are (word, name, flags, version)."""
    payload = text.encode()
    tags: list[Tag] = []
    for name, value in {"SUMMARY": "a package", "DESCRIPTION": "a package", **words}.items():
        number, kind = TAGS[name]
        if kind == INT32 and value == "0":
            continue
        tags.append((number, kind, [int(value)] if kind == INT32 else value))
    names = list(files)
    if names:
        folders = sorted({name.rpartition("/")[0] + "/" if "/" in name else "" for name in names})
        of = [folders.index(name.rpartition("/")[0] + "/" if "/" in name else "") for name in names]
        tags += [(1117, STRINGS, [name.rpartition("/")[2] for name in names]), (1118, STRINGS, folders)]
        tags += [(1116, INT32, of)]
    listed = list(relations)
    for word, numbers in rpm_file.RELATIONS.items():
        own = [one[1:] for one in listed if one[0] == word]
        if own:
            found, flags, versions = zip(*own, strict=True)
            rows = (list(found), list(flags), list(versions))
            for number, kind, row in zip(numbers, (STRINGS, INT32, STRINGS), rows, strict=True):
                tags.append((number, kind, row))
    tags += [(5092, STRINGS, [hashlib.sha256(payload).hexdigest()]), (5093, INT32, [8]), *more]
    return _assemble(header(63, tags), payload + after, "SOURCEPACKAGE" in words, signature)


def sign(data: bytes, key: str) -> bytes:
    """The package with a signature."""
    start = _start(data)
    count, size = struct.unpack(">8xII", data[start : start + 16])
    end = start + 16 + 16 * count + size
    return _assemble(data[start:end], data[end:], data[7] == 1, [(268, BINARY, key.encode())])


def signature_of(data: bytes) -> bool:
    """Whether the package has a signature."""
    count = struct.unpack(">I", data[96 + 8 : 96 + 12])[0]
    return any(struct.unpack(">i", data[112 + 16 * n : 116 + 16 * n])[0] == 268 for n in range(count))


def header(region: int, tags: Iterable[Tag], dribble: Iterable[Tag] = ()) -> bytes:
    """A header whose region has ``tags``; ``dribble`` is beyond it."""
    store, index = b"", b""
    own = list(tags)
    for number, kind, value in own:
        index, store = _add(index, store, number, kind, value)
    trailer = len(store)
    store += struct.pack(">iiii", region, BINARY, -16 * (len(own) + 1), 16)
    count = len(own) + 1
    for number, kind, value in dribble:
        index, store = _add(index, store, number, kind, value)
        count += 1
    first = struct.pack(">iiii", region, BINARY, trailer, 16)
    return b"\x8e\xad\xe8\x01\0\0\0\0" + struct.pack(">II", count, len(store)) + first + index + store


def _add(index: bytes, store: bytes, number: int, kind: int, value: Any) -> tuple[bytes, bytes]:
    if kind == INT32:
        store += b"\0" * (-len(store) % 4)
        data, count = b"".join(struct.pack(">I", one) for one in value), len(value)
    elif kind == STRINGS:
        data, count = b"".join(one.encode() + b"\0" for one in value), len(value)
    elif kind == BINARY:
        data, count = value, len(value)
    else:
        data, count = (value if isinstance(value, bytes) else value.encode()) + b"\0", 1
    return index + struct.pack(">iiii", number, kind, len(store), count), store + data


def _assemble(main: bytes, payload: bytes, is_source: bool, signature: Iterable[Tag]) -> bytes:
    kind = b"\0\x01" if is_source else b"\0\0"
    lead = _LEAD + kind + b"\0\x01" + b"greet".ljust(66, b"\0") + b"\0\x01\0\x05" + b"\0" * 16
    tags: list[Tag] = [(273, STRING, hashlib.sha256(main).hexdigest()), *signature]
    signed = header(62, tags)
    return lead + signed + b"\0" * (-len(lead + signed) % 8) + main + payload


def _start(data: bytes) -> int:
    count, size = struct.unpack(">8xII", data[96:112])
    end = 112 + 16 * count + size
    return int(end + -end % 8)

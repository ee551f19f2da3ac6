"""OpenPGP certificates as packets (RFC 9580, sections 4.2 and 6.2): as far as their order is changed. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterator

_SUBKEY = 14  # the tag of a public subkey
_BLOCK = "PGP PUBLIC KEY BLOCK"


def newest_first(certificate: str) -> str:
    """The armoured ``certificate`` with its last subkey first; where there is but one, as it was.

    dnf knows a certificate by the first subkey that signs. One that begins with a subkey that a machine knows is not
    imported there again, however many others it has (measured with dnf 4.14 and 4.23).
    """
    head: list[bytes] = []
    subkeys: list[list[bytes]] = []
    for tag, packet in _packets(_unarmoured(certificate)):
        if tag == _SUBKEY:
            subkeys.append([])
        (subkeys[-1] if subkeys else head).append(packet)
    return _armoured(b"".join(head) + b"".join(packet for group in reversed(subkeys) for packet in group))


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The packets in ``data``: tag, and all its bytes."""
    start = 0
    while start < len(data):
        first = data[start]
        if first & 0x40:
            tag, header, length = first & 0x3F, *_new_length(data, start + 1)
        else:
            size = 1 << (first & 3)
            tag, header = first >> 2 & 0xF, 1 + size
            length = int.from_bytes(data[start + 1 : start + header], "big")
        end = start + header + length
        yield tag, data[start:end]
        start = end


def _new_length(data: bytes, at: int) -> tuple[int, int]:
    """Of a packet whose length begins at ``at``: how long its header is, and its body."""
    first = data[at]
    if first < 192:
        return 2, first
    if first < 224:
        return 3, ((first - 192) << 8) + data[at + 1] + 192
    return 6, int.from_bytes(data[at + 1 : at + 5], "big")


def _unarmoured(text: str) -> bytes:
    lines = text.strip().splitlines()
    body = lines[lines.index("") + 1 :]
    return base64.b64decode("".join(line for line in body if not line.startswith(("=", "-"))))


def _armoured(data: bytes) -> str:
    encoded = base64.b64encode(data).decode()
    lines = [encoded[start : start + 64] for start in range(0, len(encoded), 64)]
    check = base64.b64encode(_crc24(data).to_bytes(3, "big")).decode()
    return "\n".join([f"-----BEGIN {_BLOCK}-----", "", *lines, f"={check}", f"-----END {_BLOCK}-----", ""])


def _crc24(data: bytes) -> int:
    """The checksum of armoured data (RFC 9580, section 6.1), without which old clients take none."""
    check = 0xB704CE
    for byte in data:
        check ^= byte << 16
        for _ in range(8):
            check <<= 1
            if check & 0x1000000:
                check ^= 0x1864CFB
    return check

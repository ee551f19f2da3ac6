"""What an OpenPGP certificate is called: its fingerprints (RFC 9580, sections 4.2, 5.5.4, 6.2). Pure, without gpg."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from .description import Key

_PUBLIC_KEY, _PUBLIC_SUBKEY = 6, 14  # tags of packets


def key(certificate: str) -> Key:
    """The key of an armoured certificate. Raises ``ValueError`` for anything else."""
    try:
        bodies = [body for tag, body in _packets(_unarmoured(certificate)) if tag in (_PUBLIC_KEY, _PUBLIC_SUBKEY)]
    except (IndexError, ValueError) as error:
        raise ValueError(f"no armoured OpenPGP certificate: {error}") from None
    if not bodies:
        raise ValueError("no OpenPGP certificate: there is no key in it")
    primary, *subkeys = (_fingerprint(body) for body in bodies)
    return Key(primary, certificate, tuple(subkeys))


def _fingerprint(body: bytes) -> str:
    """Of a version 4 key, which is what GnuPG makes."""
    head = b"\x99" + len(body).to_bytes(2, "big")
    return hashlib.sha1(head + body, usedforsecurity=False).hexdigest().upper()


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and body of each packet."""
    at = 0
    while at < len(data):
        first = data[at]
        if first & 0x40:
            tag, (header, length) = first & 0x3F, _new_length(data[at + 1 : at + 6])
        else:
            tag, size = first >> 2 & 0xF, 1 << (first & 3)
            header, length = 1 + size, int.from_bytes(data[at + 1 : at + 1 + size], "big")
        yield tag, data[at + header : at + header + length]
        at += header + length


def _new_length(octets: bytes) -> tuple[int, int]:
    """How long a header is whose length begins with ``octets``, and the body after it."""
    if octets[0] < 192:
        return 2, octets[0]
    if octets[0] < 224:
        return 3, ((octets[0] - 192) << 8) + octets[1] + 192
    return 6, int.from_bytes(octets[1:5], "big")


def _unarmoured(text: str) -> bytes:
    lines = [line.strip() for line in text.strip().splitlines()]
    if not lines or lines[0] != "-----BEGIN PGP PUBLIC KEY BLOCK-----":
        raise ValueError("it does not begin as one")
    body = lines[lines.index("") + 1 :]
    return base64.b64decode("".join(line for line in body if not line.startswith(("=", "-"))), validate=True)

"""What clients and the signer say: ``KEY KIND SIZE NAME`` and bytes; then ``ok SIZE`` and bytes, or ``no WHY``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

SOCKET = Path("/run/pkgci-signer/socket")
# A signature has some hundred bytes for each key, and a signed Release its text.
ANSWER_LIMIT = 2_000_000
_LINE_LIMIT = 1000
_REQUEST = rb"([a-z]{1,20}) ([a-z]{1,20}) ([0-9]{1,12}) ([A-Za-z0-9._+~^%:@=,/-]{1,500})\n"


def request(key: str, kind: str, size: int, name: str) -> bytes:
    """The first line of a request. ``name`` is for the signer's log."""
    plain = re.sub(r"[^A-Za-z0-9._+~^%:@=,/-]", "_", name)[-500:] or "-"
    return f"{key} {kind} {size} {plain}\n".encode()


def read_request(stream: BinaryIO) -> tuple[str, str, int, str]:
    """Key, kind, size and name. Raises ``ValueError``."""
    match = re.fullmatch(_REQUEST, stream.readline(_LINE_LIMIT))
    if match is None:
        raise ValueError("it is no request")
    key, kind, size, name = (word.decode() for word in match.groups())
    return key, kind, int(size), name


def read_answer(stream: BinaryIO) -> bytes:
    """The signature. Raises ``ValueError`` with the signer's words where there is none."""
    word, _, rest = stream.readline(_LINE_LIMIT).rstrip(b"\n").partition(b" ")
    if word != b"ok" or not re.fullmatch(rb"[0-9]{1,9}", rest):
        raise ValueError(rest.decode(errors="replace") or "the signer gives no answer: `journalctl -u pkgci-signer`")
    return exactly(stream, int(rest), ANSWER_LIMIT)


def exactly(stream: BinaryIO, size: int, limit: int) -> bytes:
    """The next ``size`` bytes. Raises ``ValueError`` where there are fewer, or that is too much."""
    data = stream.read(size) if size <= limit else b""
    if len(data) != size:
        raise ValueError("the other end has gone")
    return data

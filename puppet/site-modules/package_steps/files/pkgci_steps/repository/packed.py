"""Decompression of a part of a .deb: one stream that ends where the part ends.

With a second stream behind the first one, or with anything else, programs disagree on what is there.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

_PIECE = 1 << 20
_ZSTD = b"\x28\xb5\x2f\xfd"
_MEMORY = 1 << 30  # bytes, for a dictionary of xz: `xz -9` needs 65 MB


class _Stream(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def unpack(file: BinaryIO, suffix: str, size: int, take: Callable[[bytes], None], limit: int) -> None:
    """Hands what the next ``size`` bytes of ``file`` have to ``take``, ``limit`` bytes at most.

    Raises ``ValueError`` in words. Not for zstd, which Python does not know: ``check_zstd``.
    """
    take = limited(take, limit)
    if not suffix:
        while piece := file.read(min(_PIECE, size)):
            size -= len(piece)
            take(piece)
        return
    try:
        _unpack(file, _stream(suffix), size, take)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, MemoryError) as error:
        raise ValueError(f"it cannot be decompressed: {error}") from None


def limited(take: Callable[[bytes], None], limit: int) -> Callable[[bytes], None]:
    """``take``, which ends with a ``ValueError`` in words after ``limit`` bytes."""
    count = 0

    def counted(piece: bytes) -> None:
        nonlocal count
        count += len(piece)
        if count > limit:
            raise ValueError(f"it has more than {limit // 1_000_000} MB once it is unpacked")
        take(piece)

    return counted


def _unpack(file: BinaryIO, stream: _Stream, size: int, take: Callable[[bytes], None]) -> None:
    while size and not stream.eof:
        data = file.read(min(_PIECE, size))
        size -= len(data)
        while True:
            piece = stream.decompress(data, _PIECE)
            take(piece)
            data = getattr(stream, "unconsumed_tail", b"")
            if stream.eof or (not data and len(piece) < _PIECE):
                break
    if not stream.eof:
        raise ValueError("it is cut off")
    if size or stream.unused_data:
        raise ValueError("it has something after the end of its compressed data")


def _stream(suffix: str) -> _Stream:
    if suffix == ".gz":
        return zlib.decompressobj(wbits=31)
    if suffix == ".bz2":
        return bz2.BZ2Decompressor()
    form = lzma.FORMAT_ALONE if suffix == ".lzma" else lzma.FORMAT_XZ
    return lzma.LZMADecompressor(form, memlimit=_MEMORY)


def check_zstd(file: BinaryIO, size: int) -> None:
    """The next ``size`` bytes are one frame of zstd (RFC 8878), and no more. Raises ``ValueError`` in words."""
    end = file.tell() + size
    if file.read(4) != _ZSTD:
        raise ValueError("it is not compressed as its name says")
    flags = file.read(1)[0]
    # Window, dictionary and content size: how many bytes each of them has.
    is_single = bool(flags & 0x20)
    sizes = (0 if is_single else 1, (0, 1, 2, 4)[flags & 3], (int(is_single), 2, 4, 8)[flags >> 6])
    file.seek(sum(sizes), 1)
    is_last = False
    while not is_last:
        head = file.read(3)
        header = int.from_bytes(head, "little")
        kind = header >> 1 & 3
        # The last block may be empty, and the end of it all: data that filled the one before it ends like this.
        if len(head) < 3 or file.tell() > end or kind == 3:
            raise ValueError("it is cut off")
        is_last = bool(header & 1)
        file.seek(1 if kind == 1 else header >> 3, 1)
    file.seek(4 if flags & 4 else 0, 1)
    if file.tell() != end:
        raise ValueError("it has something after the end of its compressed data")

"""What a client says: lines, and pieces of a known size."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

from .store import Refused

SILENCE = 120.0  # seconds without a word after which the client is gone
PIECE = 65536  # bytes that are read at once


class Words:
    """Reads them from a file descriptor. Raises ``EOFError`` where the client is gone, and ``Refused``."""

    def __init__(self, handle: int, silence: float = SILENCE) -> None:
        self._handle = handle
        self._silence = silence
        self._read = b""

    def _more(self) -> None:
        if not select.select([self._handle], [], [], self._silence)[0]:
            raise EOFError
        piece = os.read(self._handle, PIECE)
        if not piece:
            raise EOFError
        self._read += piece

    def line(self, limit: int = 100) -> str:
        """The next line, without its end."""
        while b"\n" not in self._read[: limit + 1]:
            if len(self._read) > limit:
                raise Refused("a line is too long")
            self._more()
        line, _, self._read = self._read.partition(b"\n")
        return line.decode("ascii", errors="replace")

    def pieces(self, size: int) -> Iterator[bytes]:
        """The next ``size`` bytes, as they come."""
        while size:
            if not self._read:
                self._more()
            piece, self._read = self._read[:size], self._read[size:]
            size -= len(piece)
            yield piece

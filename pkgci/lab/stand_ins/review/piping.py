"""Runs a git program for an SSH client: its input and its output go through, to the last byte.

Each direction has a task of its own that reads a piece, writes it, and waits until it is taken: nobody's pack is held
in memory, and a slow client slows down its own program only. The exit status is told when both outputs have ended, not
when the program has: what it wrote last may still be on its way then.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Protocol

import asyncssh

# Bytes that are on their way at once, per direction.
_PIECE = 256 << 10
# What reading from, and writing to, a client or a program raises when it has gone.
_GONE = (ConnectionError, asyncssh.Error, asyncssh.BreakReceived, asyncssh.SignalReceived)


class _Reader(Protocol):
    async def read(self, n: int) -> bytes: ...


class _Writer(Protocol):
    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...


async def run_for_client(
    process: asyncssh.SSHServerProcess[bytes], command: Sequence[str], environment: Mapping[str, str]
) -> int:
    """Runs ``command`` with the client's input and output; returns its exit status. It ends when the client goes."""
    child = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_PIECE,
    )
    if child.stdin is None or child.stdout is None or child.stderr is None:
        raise RuntimeError("the program has no pipes")
    feeding = asyncio.ensure_future(_feed(process.stdin, child.stdin))
    telling = [_carry(child.stdout, process.stdout), _carry(child.stderr, process.stderr)]
    try:
        await asyncio.gather(*telling)
        return await child.wait()
    finally:
        feeding.cancel()
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


async def _carry(source: _Reader, target: _Writer) -> None:
    while data := await source.read(_PIECE):
        target.write(data)
        await target.drain()


async def _feed(source: _Reader, target: asyncio.StreamWriter) -> None:
    """Carries the client's input to the program, and ends it there when it ends here."""
    with contextlib.suppress(*_GONE):
        try:
            await _carry(source, target)
        finally:
            target.close()

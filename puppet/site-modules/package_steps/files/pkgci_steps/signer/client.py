"""pkgci-sign: has the signer sign something, as gpg would. rpmsign calls it, and so do pkgci's own programs."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from . import wire

_USAGE = """\
usage: pkgci-sign release|review clear|detached|repomd FILE SIGNATURE
       pkgci-sign release|review rpm SIGNATURE <HEADER

Has a file of a package repository signed by the signer of this host, whose account alone has the keys. It signs for the
accounts of the repositories, each with the key of its own: `journalctl -u pkgci-signer` says what, and what it refused.
"""
_SECONDS = 300.0


def main(arguments: Sequence[str] | None = None, place: Path = wire.SOCKET) -> int:
    """The program."""
    words = sys.argv[1:] if arguments is None else arguments
    if len(words) == 3 and words[1] == "rpm":
        data, result = sys.stdin.buffer.read(), Path(words[2])
    elif len(words) == 4 and words[1] != "rpm":
        data, result = Path(words[2]).read_bytes(), Path(words[3])
    else:
        asked = list(words) in (["--help"], ["-h"])
        print(_USAGE, end="", file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    try:
        signature = ask(place, words[0], words[1], data, str(result))
    except (OSError, ValueError) as error:
        print(f"pkgci-sign: {error}", file=sys.stderr)
        return 1
    # rpmsign hands it a pipe of its own.
    with result.open("wb") as file:
        file.write(signature)
    return 0


def ask(place: Path, key: str, kind: str, data: bytes, name: str) -> bytes:
    """The signature of ``data``. Raises ``OSError`` and ``ValueError``."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as own:
        own.settimeout(_SECONDS)
        own.connect(str(place))
        with own.makefile("rb") as answers:
            # Where it refuses before it has read all, its answer says why.
            with suppress(BrokenPipeError, ConnectionResetError):
                own.sendall(wire.request(key, kind, len(data), name) + data)
            return wire.read_answer(answers)

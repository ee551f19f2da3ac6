"""git's ``proc-receive`` hook: asks the review what becomes of each ref of a push, and tells git and the person.

git runs it inside the repository once the pushed commits are there, and speaks the protocol of githooks(5) with it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from typing import IO, Any

SOCKET, USERNAME, PROJECT = "PKGCI_REVIEW_SOCKET", "PKGCI_REVIEW_USERNAME", "PKGCI_REVIEW_PROJECT"


def packets(stream: IO[bytes]) -> Iterator[bytes]:
    """The lines until the next flush packet (gitprotocol-common(5), "pkt-line Format")."""
    while length := int(stream.read(4) or b"0", 16):
        yield stream.read(length - 4).rstrip(b"\n")


def packet(text: str) -> bytes:
    """One line as a packet."""
    data = text.encode() + b"\n"
    return b"%04x" % (len(data) + 4) + data


def main() -> int:
    """Runs the hook."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    greeting = next(packets(stdin), b"")
    list(packets(stdin))
    with_options = b"push-options" in greeting.split(b"\0")[-1].split()
    stdout.write(packet("version=1\0push-options" if with_options else "version=1") + b"0000")
    stdout.flush()
    commands = [line.decode(errors="replace").split(" ", 2) for line in packets(stdin)]
    options = [line.decode(errors="replace") for line in packets(stdin)] if with_options else []
    told = _ask({"commands": commands, "options": options})
    sys.stderr.write(told["report"])
    sys.stderr.flush()
    for item in told["refs"]:
        ref, refusal = item["ref"], item["refusal"]
        stdout.write(packet(f"ok {ref}" if refusal is None else f"ng {ref} {refusal}"))
    stdout.write(b"0000")
    stdout.flush()
    return 0


def _ask(question: dict[str, object]) -> dict[str, Any]:
    about = {"username": os.environ[USERNAME], "project": os.environ[PROJECT]}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ[SOCKET])
        with connection.makefile("rwb") as stream:
            stream.write(json.dumps(question | about).encode() + b"\n")
            stream.flush()
            answer: dict[str, Any] = json.loads(stream.readline())
            return answer


if __name__ == "__main__":
    sys.exit(main())

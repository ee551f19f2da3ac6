"""What the upload key may do, whatever its holder asks for: add to the folder of his own build.

sshd calls it: ``receive LOGS STATE KEY DISK``, with what the client asked for in SSH_ORIGINAL_COMMAND. That is ``append
PATH``, for a log that grows (see ``append``), or ``upload PATH``, for files (see ``upload``). PATH is the folder of a
build, and nothing else of the command is ever read. KEY is the file with the key that Zuul's tokens are made with, DISK
how many MB all logs may take.

Exit status: 0 all is kept; 1 the connection ended early, or it cannot be kept now; 2 it is not allowed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from . import pages
from .append import append
from .room import Room
from .store import BuildPath, Refused, Store, build_path
from .upload import upload

USAGE = "this key adds logs, by `append PATH` or `upload PATH`, and does nothing else"


def main() -> int:
    """The program; its exit status."""
    os.umask(0o022)
    logs, state, key, disk = sys.argv[1:]
    room = Room(Store(Path(logs), Path(state)), int(disk) * 10**6)
    try:
        return receive(room, os.environ.get("SSH_ORIGINAL_COMMAND", ""), Path(key).read_bytes())
    except Refused as refused:
        print(f"refused: {refused}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"not now: {error.strerror or error}", file=sys.stderr)
        return 1


def receive(room: Room, asked: str, key: bytes, source: int = 0) -> int:
    """Does what the client ``asked`` for; the exit status. Raises ``Refused``."""
    action, _, words = asked.partition(" ")
    if action not in ("append", "upload"):
        raise Refused(USAGE)
    path = build_path(words)
    if action == "append":
        return 0 if append(room, path, key, source, _answer, lambda: _show(room.store, path)) else 1
    came = upload(room, path, key, source, _answer)
    _show(room.store, path)
    return 0 if came else 1


def _answer(text: str) -> None:
    print(text, flush=True)


def _show(store: Store, path: BuildPath) -> None:
    """Whatever happens to the pages: what was sent is kept, and so is what others send."""
    if not (store.logs / path.text).is_dir():
        return
    try:
        pages.show(store, path)
    except Exception as error:
        print(f"its pages are not up to date: {type(error).__name__}: {ascii(str(error))[:500]}", file=sys.stderr)

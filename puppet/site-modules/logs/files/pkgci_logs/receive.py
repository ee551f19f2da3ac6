"""What the upload key may do, whatever its holder asks for: add files to the folder of a build, or to its growing log.

sshd calls it: ``receive LOGS STATE``, with what the client asked for in SSH_ORIGINAL_COMMAND. That is ``append PATH``
(see ``append``), or what rsync asks of its other end, with PATH as the target. PATH is the folder of a build. Files
that are there stay as they are.

Exit status: 0 all is kept; 1 the connection ended early, or it cannot be kept now; 2 it is not allowed; else rsync's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from . import pages
from .append import append
from .store import BuildPath, Refused, Store, build_path, open_up

# New files below a folder and nothing else. Links that come along lead nowhere. Several hosts send at once.
RRSYNC = ("/usr/bin/rrsync", "-wo", "-munge", "-no-del", "-no-lock", "-no-overwrite")


def main() -> int:
    """The program; its exit status."""
    os.umask(0o022)
    store = Store(Path(sys.argv[1]), Path(sys.argv[2]))
    try:
        return receive(store, os.environ.get("SSH_ORIGINAL_COMMAND", ""))
    except Refused as refused:
        print(f"refused: {refused}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"not now: {error}", file=sys.stderr)
        return 1


def receive(store: Store, asked: str, rrsync: tuple[str, ...] = RRSYNC) -> int:
    """Does what the client ``asked`` for; the exit status. Raises ``Refused``."""
    words = asked.split(" ")
    if words[0] == "append" and len(words) == 2:
        path = build_path(words[1])
        return 0 if append(store, path, 0, _answer, lambda: _show(store, path)) else 1
    if words[:2] == ["rsync", "--server"]:
        path = build_path(words[-1].rstrip("/"))
        os.close(store.opened(path))
        status = subprocess.run([*rrsync, str(store.logs)], check=False).returncode
        open_up(store.logs / path.text)
        _show(store, path)
        return status
    raise Refused("this key adds logs, by `append PATH` or by rsync to PATH, and does nothing else")


def _answer(text: str) -> None:
    print(text, flush=True)


def _show(store: Store, path: BuildPath) -> None:
    """Whatever happens to the pages: what was sent is kept."""
    try:
        pages.show(store, path)
    except OSError as error:
        print(f"its pages are not up to date: {error}", file=sys.stderr)

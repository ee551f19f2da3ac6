"""Fetching a build's artifacts from its workspace."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import paramiko  # type: ignore[import-untyped]

from .ssh import LostNodeError, NodeError, is_alive


def patterns(text: str) -> tuple[re.Pattern[str], ...]:
    """Ant's patterns in ``text``, separated by commas: ``*`` within a name, ``**`` any folders, ``?`` one letter."""
    return tuple(_pattern(part.strip()) for part in text.split(",") if part.strip())


def _pattern(text: str) -> re.Pattern[str]:
    if text.endswith("/"):
        text += "**"
    expression = ""
    for token in re.findall(r"\*\*/|/\*\*$|\*\*|\*|\?|[^*?/]+|/", text):
        expression += {"**/": "(?:.*/)?", "/**": "(?:/.*)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(
            token, re.escape(token)
        )
    return re.compile(expression + r"\Z")


def fetch(client: Any, workspace: str, include: str, exclude: str, into: Path) -> tuple[str, ...]:
    """Copies the files of ``workspace`` that match into ``into``; their paths. Links are not followed.

    Raises ``LostNodeError``, and ``NodeError`` for a file that cannot be read.
    """
    wanted, unwanted = patterns(include), patterns(exclude)
    fetched = []
    try:
        with closing(client.open_sftp()) as sftp:
            for path in _files(sftp, workspace, ""):
                if any(part.match(path) for part in wanted) and not any(part.match(path) for part in unwanted):
                    target = into / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    sftp.get(f"{workspace}/{path}", str(target))
                    fetched.append(path)
    except (paramiko.SSHException, OSError, EOFError) as error:
        kind = NodeError if is_alive(client) else LostNodeError
        raise kind(f"cannot fetch the artifacts: {error}") from None
    return tuple(sorted(fetched))


def _files(sftp: Any, root: str, below: str) -> Iterator[str]:
    for entry in sftp.listdir_attr(f"{root}/{below}".rstrip("/")):
        path = f"{below}/{entry.filename}".lstrip("/")
        # listdir's names are one step each; anything else would lead out of the folder.
        if "/" in entry.filename or entry.filename in ("", ".", ".."):
            continue
        if stat.S_ISDIR(entry.st_mode or 0):
            yield from _files(sftp, root, path)
        elif stat.S_ISREG(entry.st_mode or 0):
            yield path

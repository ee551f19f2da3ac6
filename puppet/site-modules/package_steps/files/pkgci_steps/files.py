"""Files that others read at any moment: each of them is there as a whole, the old one or the new one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def create(path: Path) -> BinaryIO:
    """A new file in a folder where others may write: a link that stands there is not followed, but goes."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666), "wb")


def write(path: Path, text: str) -> None:
    """Writes a file that everybody may read, also where others write the same one, or a link, at this moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{secrets.token_hex(6)}.new")
    try:
        with create(new) as file:
            file.write(text.encode())
            os.fchmod(file.fileno(), 0o644)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """The name to make something by that takes the place of ``path`` at the end, or goes if that fails.

    For what is long in the making: one program at a time makes it, and the next one clears away what was cut short.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    try:
        yield new
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)

"""Files and folders that are exchanged whole, or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

USER = "jenkins"


def own(path: Path, user: str = USER) -> None:
    """Gives ``path`` to ``user`` and to Jenkins' group."""
    shutil.chown(path, user, USER)


def read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes a file, whole or not at all."""
    new = path.with_name(f".{path.name}.written")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    new.replace(path)


def exchange(present: Path, new: Path, old: Path) -> bool:
    """Puts the folder ``new`` in place of ``present``, and ``present`` in place of ``old``. Whether there is one."""
    if present.exists():
        shutil.rmtree(old, ignore_errors=True)
        present.rename(old)
    # Else there was none, or an exchange was cut short between its two steps.
    goes_back = old.is_dir()
    new.rename(present)
    return goes_back


def exchange_unproven(present: Path, new: Path, old: Path, marker: Path) -> bool:
    """As ``exchange``. The file ``marker`` stands until the caller takes it away: ``new`` has not worked so far.

    Where it stands already, an earlier run was cut short: ``present`` has never worked, and ``old`` has.
    """
    if marker.exists() and old.is_dir():
        shutil.rmtree(present, ignore_errors=True)
    elif present.exists():
        shutil.rmtree(old, ignore_errors=True)
        write(marker, "")
    return exchange(present, new, old)


def replaces(present: Path, new: Path | None, old: Path) -> bool:
    """Whether there is something to go back to when ``new`` is exchanged, if it is."""
    return new is not None and (present.exists() or old.is_dir())

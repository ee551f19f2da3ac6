"""What the paths mean that a site file names."""

from __future__ import annotations

from pathlib import Path

from pkgci.errors import UsageError
from pkgci.folders import home


def beside(directory: Path, text: str) -> Path:
    """The path that ``text`` names: relative to ``directory``, or below the user's home where it begins with ``~/``.

    Raises ``UsageError`` where it is below a home and there is none.
    """
    if not text.startswith("~/"):
        return directory / text
    place = home()
    if place is None:
        raise UsageError(f"cannot resolve '{text}': this user has no home directory", "set HOME")
    return place / text[2:]

"""What the paths mean that a site file names."""

from __future__ import annotations

from pathlib import Path


def beside(directory: Path, text: str) -> Path:
    """The path that ``text`` names: relative to ``directory``, or below the user's home where it begins with ``~/``."""
    return Path.home() / text[2:] if text.startswith("~/") else directory / text

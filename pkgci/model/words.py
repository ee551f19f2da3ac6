"""The nearest right word, for messages about a wrong one."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'X'?)`` with the nearest of the known words, or nothing where none is near."""
    # Loaded where somebody has mistyped something.
    from difflib import get_close_matches

    matches = get_close_matches(word, [str(item) for item in known], n=1, cutoff=0.6)
    return f" (did you mean '{matches[0]}'?)" if matches else ""

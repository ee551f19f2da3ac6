"""How many of something, in words."""

from __future__ import annotations


def counted(number: int, word: str, plural: str | None = None) -> str:
    """``number`` of what ``word`` is one of: '1 host', '2 hosts', '0 hosts'."""
    return f"{number} {noun(number, word, plural)}"


def noun(number: int, word: str, plural: str | None = None) -> str:
    """What ``number`` of them are called: 'host' or 'hosts'."""
    return word if number == 1 else plural or f"{word}s"

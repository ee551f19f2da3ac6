"""Hides known secrets in text on its way to a screen, a log or a report."""

from __future__ import annotations

from collections.abc import Mapping

# A shorter value would hide half of what is to be read, and is no secret worth the name.
SHORTEST_VALUE = 4
# The lines of a key are hidden one by one: a log may hold only some of them, indented or escaped.
_SHORTEST_LINE = 12


class Redactor:
    """Replaces the secrets that it knows by ``<secret NAME>``; keys of several lines also line by line.

    ``public`` is text that may be read: a private key repeats its public half, and those lines are left alone.
    """

    def __init__(self, secrets: Mapping[str, str], public: str = "") -> None:
        self._words: dict[str, str] = {}
        for name, value in secrets.items():
            for word in _words(value):
                if word in public:
                    continue
                self._words.setdefault(word, f"<secret {name}>")
        # A secret may be part of another one: the longer one is hidden first.
        self._ordered = sorted(self._words, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """``text`` with every known secret hidden."""
        for word in self._ordered:
            if word in text:
                text = text.replace(word, self._words[word])
        return text


def redact(text: str, secrets: Mapping[str, str]) -> str:
    """``text`` with the values of ``secrets`` (name → value) replaced by ``<secret NAME>``."""
    return Redactor(secrets)(text)


def _words(value: str) -> list[str]:
    stripped = value.strip()
    words = [value, stripped] if len(stripped) >= SHORTEST_VALUE else []
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        words += [line for line in lines if len(line) >= _SHORTEST_LINE and not line.startswith("-----")]
    return words

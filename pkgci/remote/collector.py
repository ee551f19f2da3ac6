"""A look at a host: a shell program for its standard input, and the ``key=value`` lines that it prints."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping


def program(text: str, settings: Mapping[str, Iterable[str]]) -> bytes:
    """The shell program ``text``, with ``settings`` as variables: words separated by blanks."""
    lines = [f"{name}={shlex.quote(' '.join(values))}" for name, values in settings.items()]
    return "\n".join([*lines, text]).encode()


class Answers:
    """What a look printed: keys, each with its values in their order. The last line says ``end``."""

    def __init__(self, text: str) -> None:
        """Raises ``ValueError`` where the look did not come to its end."""
        self._values: dict[str, list[str]] = {}
        for line in text.splitlines():
            key, _, value = line.partition("=")
            self._values.setdefault(key, []).append(value.strip())
        if "end" not in self:
            raise ValueError("the look at the host broke off")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def one(self, key: str) -> str:
        """The first value of ``key``, or ''."""
        return self._values.get(key, [""])[0]

    def all(self, key: str) -> list[str]:
        """Every value of ``key``."""
        return self._values.get(key, [])

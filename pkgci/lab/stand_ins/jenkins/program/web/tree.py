"""The ``tree`` parameter of Jenkins' REST API: which attributes of the answer are wanted."""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(r"[\w-]+|[\[\],*]|\{[^}]*\}")
Tree = dict[str, "Tree"]


class TreeError(Exception):
    """A ``tree`` that cannot be read."""


def parse(text: str) -> Tree:
    """The attributes in ``a,b[c,d]``; a range (``{0,10}``) is passed over. Raises ``TreeError``."""
    tokens = [token for token in _TOKEN.findall(text) if not token.startswith("{")]

    def names() -> Tree:
        found: Tree = {}
        while tokens and tokens[0] != "]":
            name = tokens.pop(0)
            if name in "[,":
                raise TreeError(text)
            found[name] = {}
            if tokens and tokens[0] == "[":
                tokens.pop(0)
                found[name] = names()
                if not tokens or tokens.pop(0) != "]":
                    raise TreeError(text)
            if tokens and tokens[0] == ",":
                tokens.pop(0)
        return found

    wanted = names()
    if tokens:
        raise TreeError(text)
    return wanted


def prune(data: Any, wanted: Tree) -> Any:
    """``data`` with the attributes of ``wanted`` only, and with the class that Jenkins always names."""
    if isinstance(data, list):
        return [prune(item, wanted) for item in data]
    if not isinstance(data, dict) or not wanted:
        return data if not isinstance(data, dict) else {"_class": data["_class"]} if "_class" in data else {}
    kept = {name: value for name, value in data.items() if name == "_class" or name in wanted or "*" in wanted}
    return {name: value if name == "_class" else prune(value, wanted.get(name, {})) for name, value in kept.items()}

"""Values as YAML on one line, and as Hiera gives them back: as they were written. Pure."""

from __future__ import annotations

import json
from typing import Any

# Hiera replaces `%{…}` in every text of its data, and in the keys of hashes. This call gives the percent sign that it
# names, and what follows then begins no interpolation (Puppet, "Interpolating Hiera data", literal()).
_BEGINS = "%{"
_LITERAL = "%{literal('%')}{"


def to_yaml(value: Any) -> str:
    """``value`` on one line, as JSON, which is YAML too: whatever is in it, it stays one value."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def hiera_value(value: Any) -> str:
    """``value`` on one line of a Hiera layer. A lookup gives exactly that value, whatever looks like interpolation."""
    # In JSON a percent sign stands in texts only.
    return to_yaml(value).replace(_BEGINS, _LITERAL)


def as_written(value: Any) -> Any:
    """``value`` with its texts, and the keys of its hashes, so that a lookup gives them as they are here."""
    if isinstance(value, str):
        return value.replace(_BEGINS, _LITERAL)
    if isinstance(value, dict):
        return {as_written(key): as_written(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [as_written(item) for item in value]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)

"""Submit requirements: what a change must meet before it can be submitted.

Of Gerrit's language they know ``label:NAME=VALUE`` (MAX, MIN or a number), ``-`` before a term, and ``AND``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pkgci.lab.stand_ins.review.labels import Label
from pkgci.lab.stand_ins.review.model import Change, UnfitError

_TERM = re.compile(r"(-?)label:([A-Za-z0-9-]+)=(MAX|MIN|[+-]?\d+)")


def check_expression(expression: str) -> None:
    """Raises ``UnfitError`` for an expression that is not understood here."""
    list(_terms(expression))


def unmet(change: Change, requirements: Mapping[str, str], labels: Mapping[str, Label]) -> list[str]:
    """The names of the requirements that ``change`` does not meet."""
    return [
        name
        for name, expression in requirements.items()
        if not all(_holds(change, term, labels) for term in _terms(expression))
    ]


def _terms(expression: str) -> Iterator[tuple[bool, str, str]]:
    words = [word for word in expression.split() if word != "AND"]
    if not words:
        raise UnfitError("a submit requirement without a term")
    for word in words:
        match = _TERM.fullmatch(word)
        if match is None:
            raise UnfitError(f"'{word}' in a submit requirement; it knows label:NAME=MAX, MIN or a number, - and AND")
        yield match[1] == "", match[2], match[3]


def _holds(change: Change, term: tuple[bool, str, str], labels: Mapping[str, Label]) -> bool:
    wanted, name, text = term
    label = labels.get(name)
    if label is None:
        return not wanted
    value = {"MAX": label.highest, "MIN": label.lowest}.get(text)
    value = int(text) if value is None else value
    return wanted == any(a.label == name and a.value == value for a in change.current.approvals)

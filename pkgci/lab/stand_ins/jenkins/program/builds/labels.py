"""Which nodes a job may run on."""

from __future__ import annotations

import re

from ..config.model import NodeDefinition

_TOKEN = re.compile(r'\s*(&&|\|\||<->|->|!|\(|\)|"[^"]+"|[^\s()!&|<>]+)')


def atoms(expression: str) -> frozenset[str]:
    """The labels that a label expression names."""
    return frozenset(token.strip('"') for token in _tokens(expression) if token not in _OPERATORS)


def may_run(label: str | None, node: NodeDefinition) -> bool:
    """Whether a job with this label expression (None: without one) may run on ``node``."""
    if label is None:
        return not node.exclusive
    return matches(label, frozenset(node.all_labels))


def matches(expression: str, labels: frozenset[str]) -> bool:
    """Whether a node with ``labels`` is one of those that ``expression`` means (``a && b``, ``a || b``, ``!a``)."""
    tokens = _tokens(expression)

    def either() -> bool:
        value = both()
        while tokens and tokens[0] == "||":
            tokens.pop(0)
            value = both() or value
        return value

    def both() -> bool:
        value = one()
        while tokens and tokens[0] == "&&":
            tokens.pop(0)
            value = one() and value
        return value

    def one() -> bool:
        if not tokens:
            return False
        token = tokens.pop(0)
        if token == "!":  # noqa: S105 - an operator.
            return not one()
        if token == "(":  # noqa: S105
            value = either()
            if tokens and tokens[0] == ")":
                tokens.pop(0)
            return value
        return token.strip('"') in labels

    return either()


_OPERATORS = frozenset({"&&", "||", "<->", "->", "!", "(", ")"})


def _tokens(expression: str) -> list[str]:
    return [match[1] for match in _TOKEN.finditer(expression)]

"""Zuul layouts as Zuul reads them, ``yaml.safe_load``, with the place of each piece in the file for messages.

Unlike in a site file, all of YAML 1.1 is meant as it is: merge keys (``<<``) are merged, the last of duplicate keys
counts, ``on`` is true, ``1:30`` is 90. What came out of a merge, or of an alias, is at the place where it was written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pkgci.model.document import Document, DocumentError, Fault, Path_, Position, compose, text_of

# How many nodes a layout may have once its aliases and merges are written out: ten lines of one have about fifty.
_MAXIMUM_NODES = 500_000


def read_layout(path: Path) -> Document:
    """The layout in the file ``path``. Raises ``UsageError`` and ``DocumentError``."""
    return parse_layout(path, text_of(path))


def parse_layout(path: Path, text: str) -> Document:
    """The layout in ``text``; ``path`` is where it comes from. Raises ``DocumentError``."""
    node = compose(path, text, _MAXIMUM_NODES)
    constructor = _Constructor()
    try:
        data = constructor.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark or node.start_mark
        words = f"Zuul cannot read this: {' '.join((error.problem or str(error)).split())}"
        raise DocumentError(path, [Fault(Position(mark.line + 1, mark.column + 1), words)]) from None
    document = Document(path, data)
    _Places(document, constructor).note(node, ())
    return document


class _Constructor(yaml.constructor.SafeConstructor):
    """Names the place of every value that is none, as of a date in month 13."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError, TypeError) as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from None


class _Places:
    """Notes where each key and value of a document is. Its mappings have been merged when they were constructed."""

    def __init__(self, document: Document, constructor: _Constructor) -> None:
        self._document = document
        self._constructor = constructor

    def note(self, node: yaml.Node, path: Path_) -> None:
        self._document.values[path] = _place(node)
        if isinstance(node, yaml.SequenceNode):
            for index, child in enumerate(node.value):
                self.note(child, (*path, index))
        elif isinstance(node, yaml.MappingNode):
            # Of pairs with the same key, the last one counts.
            pairs = {self._key(key): (key, value) for key, value in node.value}
            for name, (key, value) in pairs.items():
                here = (*path, name)
                self._document.keys[here] = _place(key)
                self.note(value, here)

    def _key(self, node: yaml.Node) -> Any:
        return self._constructor.construct_object(node, deep=True)


def _place(node: yaml.Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)

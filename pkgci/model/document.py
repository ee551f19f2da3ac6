"""A YAML file read with care: its data, and where in the file each piece of it stands.

PyYAML's composer gives nodes with marks; the data is made from the nodes here, so that duplicate keys are seen, and
an alias bomb or a recursive alias is refused before anything is expanded.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from pkgci.errors import ExitStatus, PkgciError, UsageError
from pkgci.model.plural import counted

# A site of 1,000 hosts is about 150 kB. What is a hundred times larger is no site file.
MAXIMUM_BYTES = 16_000_000
# How many nodes a document may have once its aliases are written out.
MAXIMUM_NODES = 200_000
MAXIMUM_DEPTH = 50
# From so many characters on, values are counted first.
_LARGE = 1_000_000

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Position:
    """A place in a text file: line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong with a file, and where."""

    position: Position
    message: str
    # Where it is not in the file that is read, but in another that this one names.
    file: Path | None = None


class DocumentError(PkgciError):
    """A file has faults: all of them, in the order of the file."""

    status = ExitStatus.WRONG_USE

    def __init__(self, path: Path, faults: list[Fault]) -> None:
        self.path = path
        # One fault is one line, whatever stands in the file.
        unique = {replace(fault, message=_in_one_line(fault.message)) for fault in faults}
        self.faults = sorted(unique, key=lambda fault: (fault.file is not None, str(fault.file), fault))
        places = [f"{fault.file or path}:{fault.position.line}:{fault.position.column}" for fault in self.faults]
        lines = (f"{place}: {fault.message}" for place, fault in zip(places, self.faults, strict=True))
        super().__init__(
            "\n".join(lines), f"{counted(len(self.faults), 'fault')} in {path}", places[0] if places else str(path)
        )

    def to_dict(self) -> dict[str, Any]:
        """The error for machines, with each fault."""
        faults = [
            {
                "file": str(fault.file or self.path),
                "line": fault.position.line,
                "column": fault.position.column,
                "message": fault.message,
            }
            for fault in self.faults
        ]
        return {**super().to_dict(), "site": str(self.path), "valid": False, "faults": faults}


@dataclass
class Document:
    """The data of a YAML file, with the position of every key and every value by its path."""

    path: Path
    data: Any
    keys: dict[Path_, Position] = field(default_factory=dict)
    values: dict[Path_, Position] = field(default_factory=dict)
    # Of values without quotes that YAML does not read as text: what stands in the file, as in `no` or `022`.
    written: dict[Path_, str] = field(default_factory=dict)

    def position(self, path: Path_, *, key: bool = False) -> Position:
        """Where ``path`` stands: its key or its value, or the nearest thing above that stands in the file."""
        found = (self.keys if key else self.values).get(path) or self.values.get(path) or self.keys.get(path)
        if found is not None:
            return found
        return self.position(path[:-1]) if path else Position(1, 1)


def read_document(path: Path) -> Document:
    """The document in the file ``path``. Raises ``UsageError`` or ``DocumentError``."""
    text = text_of(path)
    return parse_document(path, text)


def parse_document(path: Path, text: str) -> Document:
    """The document in ``text``; ``path`` is where it comes from. Raises ``DocumentError``."""
    node = compose(path, text)
    builder = _Builder(Document(path, None))
    builder.document.data = builder.build(node, ())
    if builder.faults:
        raise DocumentError(path, builder.faults)
    return builder.document


def compose(path: Path, text: str, maximum: int = MAXIMUM_NODES) -> yaml.Node:
    """The nodes of ``text``, at most ``maximum`` of them once its aliases are written out. Raises ``DocumentError``."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if len(text) > _LARGE:
            _count(path, text, loader, maximum)
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        raise DocumentError(path, [_syntax_fault(error, text)]) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Position(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise DocumentError(
            path, [Fault(place, f"is no text: the control character U+{error.character:04X}")]
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise DocumentError(path, [Fault(Position(1, 1), f"is no YAML: {_one_line(str(error))}")]) from None
    if node is None:
        raise DocumentError(path, [Fault(Position(1, 1), "the file is empty")])
    _Builder(Document(path, None)).guard(node, maximum)
    return node


def _count(path: Path, text: str, loader: Any, maximum: int) -> None:
    """Refuses what has too many values before they are all made: a few characters become hundreds of bytes each."""
    for number, event in enumerate(yaml.parse(text, Loader=loader)):
        if number > 2 * maximum:
            raise DocumentError(path, [Fault(_place(event), f"the file has more than {maximum:,} values")])


def text_of(path: Path) -> str:
    try:
        if path.is_dir():
            raise UsageError(
                f"{path} is a folder, not a file", f"try `--site {shlex.quote(str(path / 'site.yaml'))}`", str(path)
            )
        if path.stat().st_size > MAXIMUM_BYTES:
            size = path.stat().st_size // 1_000_000
            raise UsageError(
                f"{path}:1:1: the file has {size} MB, which is no site file", "is it the right file?", str(path)
            )
        with path.open("rb") as file:
            # A device or a pipe has no size, and perhaps no end.
            content = file.read(MAXIMUM_BYTES + 1)
        if len(content) > MAXIMUM_BYTES:
            raise UsageError(
                f"{path}:1:1: the file does not end, which is no site file", "is it the right file?", str(path)
            )
    except FileNotFoundError:
        raise UsageError(
            f"there is no file {path}", "make one with `pkgci init`, or name one with --site FILE", str(path)
        ) from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", place=str(path)) from None
    try:
        # A byte order mark at the start is no part of the text.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise DocumentError(path, [Fault(Position(1, 1), "is UTF-16 text: save it as UTF-8")]) from None
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        raise DocumentError(path, [Fault(Position(line, column), "is no text: not UTF-8 (is it binary?)")]) from None
    for number, line_text in enumerate(text.split("\n"), start=1):
        if "\0" in line_text:
            raise DocumentError(path, [Fault(Position(number, line_text.index("\0") + 1), "is no text: a NUL byte")])
    return text


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _in_one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _syntax_fault(error: yaml.MarkedYAMLError, text: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    position = Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)
    lines = text.split("\n")
    line = lines[position.line - 1] if position.line <= len(lines) else ""
    problem = _one_line(error.problem or str(error))
    if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in problem:
        column = line.index("\t") + 1 if "\t" in line else position.column
        return Fault(Position(position.line, column), "a tab: YAML is indented with spaces")
    context = f" ({_one_line(error.context)})" if error.context else ""
    return Fault(position, f"is no YAML: {problem}{context}")


def _place(node: Any) -> Position:
    """Where a node, or an event, of PyYAML begins."""
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)


class _Builder:
    """Makes the data and the positions of one document from its nodes."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Fault] = []
        self._constructor = yaml.constructor.SafeConstructor()
        self._sizes: dict[int, int] = {}

    def guard(self, node: yaml.Node, maximum: int) -> None:
        """Refuses recursive aliases, deep nesting, and aliases that would expand to too much."""
        if self._size(node, set()) > maximum:
            message = f"the anchors (&…, *…) expand to more than {maximum:,} values"
            raise DocumentError(self.document.path, [Fault(_place(node), message)])

    def _size(self, node: yaml.Node, open_nodes: set[int]) -> int:
        if isinstance(node, yaml.ScalarNode):
            return 1
        if id(node) in open_nodes:
            message = "an anchor that contains itself"
            raise DocumentError(self.document.path, [Fault(_place(node), message)])
        if id(node) in self._sizes:
            return self._sizes[id(node)]
        if len(open_nodes) > MAXIMUM_DEPTH:
            message = f"nested more than {MAXIMUM_DEPTH} levels deep"
            raise DocumentError(self.document.path, [Fault(_place(node), message)])
        inside = open_nodes | {id(node)}
        children = (
            [child for pair in node.value for child in pair] if isinstance(node, yaml.MappingNode) else node.value
        )
        size = 1 + sum(self._size(child, inside) for child in children)
        self._sizes[id(node)] = size
        return size

    def build(self, node: yaml.Node, path: Path_) -> Any:
        self.document.values.setdefault(path, _place(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*path, index)) for index, child in enumerate(node.value)]
        value = self._scalar(node)
        if isinstance(node, yaml.ScalarNode) and not isinstance(value, str) and not node.style:
            self.document.written[path] = node.value
        return value

    def _scalar(self, node: yaml.Node) -> Any:
        try:
            value = self._constructor.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            problem = getattr(error, "problem", None) or str(error)
            self.faults.append(Fault(_place(node), f"is no plain value: {_one_line(problem)}"))
            return None
        # A date or a byte string is never meant in a site file: what was written stays what it is.
        return value if isinstance(value, str | int | float | bool | None) else node.value

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.faults.append(Fault(_place(key_node), "a key must be a plain word"))
                continue
            key = str(key_node.value)
            if key_node.tag == "tag:yaml.org,2002:merge":
                self.faults.append(
                    Fault(
                        _place(key_node),
                        "merge keys (<<) are not supported: write the values out, or use an alias (*name) for a whole "
                        "value",
                    )
                )
                continue
            here = (*path, key)
            if key in data:
                first = self.document.keys[here]
                message = f"duplicate key '{key}', first defined on line {first.line}"
                self.faults.append(Fault(_place(key_node), message))
                continue
            self.document.keys[here] = _place(key_node)
            data[key] = self.build(value_node, here)
        return data

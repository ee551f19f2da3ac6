"""The documents that people have written, taken apart: links, anchors, code and the commands in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.manual.markdown import anchor

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
# What ends one command of a shell's line.
_SEPARATORS = frozenset({";", "&&", "||", "|", "&", "(", ")"})
_REDIRECTIONS = frozenset({">", "<", ">>", "<<"})


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and where it is."""

    language: str
    text: str


def name(file: Path) -> str:
    """What a test calls ``file``."""
    return str(file.relative_to(ROOT))


def blocks(text: str) -> list[Block]:
    """The fenced blocks of the document ``text``."""
    return [Block(*found) for found in _FENCE.findall(text)]


def spans(text: str) -> list[str]:
    """The code in the lines of the document ``text``, each on one line."""
    return [" ".join(span.split()) for span in _SPAN.findall(_FENCE.sub("", text))]


def links(text: str) -> list[str]:
    """Where the document ``text`` links to."""
    return _LINK.findall(_SPAN.sub("`", _FENCE.sub("", text)))


def anchors(text: str) -> set[str]:
    """The anchors of the document ``text``: its headings', and those that it names."""
    plain = _FENCE.sub("", text)
    headings = re.findall(r"^#+ (.+)$", plain, re.MULTILINE)
    return {anchor(re.sub(r"[`*]", "", heading)) for heading in headings} | set(re.findall(r'<a name="([^"]+)"', plain))


def commands(script: str) -> Iterator[list[str]]:
    """The words of each simple command in the shell's ``script``, without variables before and redirections after it.

    What is substituted into a command is a command, too.
    """
    for line in re.sub(r"\\\n", " ", script).splitlines():
        yield from _in_line(line)


def _in_line(line: str) -> Iterator[list[str]]:
    for inner in re.findall(r"<\(([^()]*)\)", line):
        yield from _in_line(inner)
    words: list[str] = []
    lexer = shlex.shlex(re.sub(r"<\([^()]*\)", "FILE", line), posix=True, punctuation_chars=True)
    lexer.commenters, lexer.whitespace_split = "#", True
    try:
        tokens = list(lexer)
    except ValueError:
        return  # part of a quotation of several lines
    for token in [*tokens, ";"]:
        if token in _SEPARATORS:
            yield from [_bare(words)] if _bare(words) else []
            words = []
        else:
            words.append(token)


def _bare(words: list[str]) -> list[str]:
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    for place, word in enumerate(words):
        if word in _REDIRECTIONS:
            return words[:place]
    return words

"""What an RPM package says of others (``relations``), out of its header. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from . import rpm_file
from .relations import PROVIDES, SUPPLEMENTS, Relation

_LESS, _GREATER, _EQUAL = 2, 4, 8
_OPERATORS = {_LESS: "<", _LESS | _EQUAL: "<=", _EQUAL: "=", _GREATER | _EQUAL: ">=", _GREATER: ">"}
_VERSION = re.compile(r"(?:[0-9]{1,9}:)?[A-Za-z0-9.+~^_]+(?:-[A-Za-z0-9.+~^_]+)?")
# NAME(x86-64) is the package NAME of an architecture; other words in parentheses make it a name of another kind.
_ARCHITECTURE = re.compile(r"(.+)\((?:x86|aarch|arm|ppc|ppcle|s390|riscv|loongarch)-(?:32|64)\)")
# A word of an expression, with its parentheses: perl(Foo::Bar).
_WORD = re.compile(r"[^\s()]+(?:\([^\s()]*\))*")
_JOINTS = frozenset(("and", "or", "if", "else", "unless", "with", "without"))
_COMPARED = frozenset(("<", "<=", "=", "==", ">=", ">"))


def of_header(header: rpm_file.Header, own: Collection[str]) -> tuple[Relation, ...]:
    """Those of a package; ``own`` are the names of all packages of the build. Raises ``ValueError`` in words."""
    paths = {_merged(path) for path in header.paths()}
    found = [relation for word in rpm_file.RELATIONS for relation in _of_word(header, word, own)]
    # Whoever has a file may say that it provides it.
    return tuple(one for one in found if not (one.word == PROVIDES and _merged(one.name) in paths))


def _of_word(header: rpm_file.Header, word: str, own: Collection[str]) -> Iterable[Relation]:
    names, flags, versions = rpm_file.RELATIONS[word]
    rows = (header.texts(names), header.numbers(flags), header.texts(versions))
    if len({len(row) for row in rows}) != 1:
        raise ValueError(f"its {word} have no names, flags and versions of one number")
    for name, flag, version in zip(*rows, strict=True):
        if name.startswith("("):
            yield from _of_expression(word, name, own)
            continue
        operator = _OPERATORS.get(flag & (_LESS | _GREATER | _EQUAL), "") if version else ""
        if not name or " " in name or (operator and not _VERSION.fullmatch(version)):
            raise ValueError(f"its {word} are not acceptable: {name[:60]!a} {version[:60]!a}")
        found = _ARCHITECTURE.fullmatch(name)
        yield Relation(word, found[1] if found else name, operator, version if operator else "")


def _of_expression(word: str, text: str, own: Collection[str]) -> Iterable[Relation]:
    """The packages in an expression, (a and b), each for all its versions."""
    words = _WORD.findall(text)
    names = [
        one
        for before, one in zip(["", *words], words, strict=False)
        if one not in _JOINTS | _COMPARED and before not in _COMPARED
    ]
    if word not in ("Conflicts", SUPPLEMENTS):
        raise ValueError(f"its {word} are not acceptable: {text[:60]!a}: an expression may not be there")
    if word == SUPPLEMENTS and "or" not in words and set(names) & set(own):
        return  # only where a package of the build is installed already
    for name in names:
        found = _ARCHITECTURE.fullmatch(name)
        yield Relation(word, found[1] if found else name)


def _merged(path: str) -> str:
    """One word for a program's path before and after the folders of programs became one: /bin/sh is /usr/sbin/sh."""
    return re.sub(r"^(?:/usr)?/s?bin/", "/bin/", path)

"""Which of two versions is newer: as dpkg says it (deb-version(7)), and as rpm does (rpm-version(7)). Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cmp_to_key
from itertools import zip_longest

# As dpkg and rpm call them.
DEB = r"(?:[0-9]{1,9}:)?[0-9][A-Za-z0-9.+~-]*"
RPM = r"(?:[0-9]{1,9}:)?[A-Za-z0-9.+~^_]+-[A-Za-z0-9.+~^_]+"


def is_older(kind: str, one: str, other: str) -> bool:
    """Whether the version ``one`` of a package of ``kind`` (deb or rpm) sorts before ``other``."""
    compare = {"deb": _compare_deb, "rpm": _compare_rpm}[kind]
    return _compare(one, other, compare) < 0


def newest(kind: str, found: Iterable[str]) -> str:
    """The newest of the versions ``found`` of a package of ``kind``; '' where there are none."""

    def order(one: str, other: str) -> int:
        return is_older(kind, other, one) - is_older(kind, one, other)

    return max(found, key=cmp_to_key(order), default="")


def _compare(one: str, other: str, parts: Callable[[str, str], int]) -> int:
    """By epoch, upstream's version and revision."""
    (epoch, version, revision), (epoch2, version2, revision2) = _split(one), _split(other)
    return (epoch > epoch2) - (epoch < epoch2) or parts(version, version2) or parts(revision, revision2)


def _split(version: str) -> tuple[int, str, str]:
    epoch, _, rest = version.rpartition(":")
    upstream, dash, revision = rest.rpartition("-")
    return int(epoch or 0), upstream if dash else rest, revision if dash else ""


def _compare_deb(one: str, other: str) -> int:
    """Runs of other characters and of digits in turn: ~ before the end, the end before letters, letters before all."""
    for (words, digits), (words2, digits2) in zip_longest(_runs(one), _runs(other), fillvalue=("", "")):
        order, order2 = [_rank(c) for c in words] + [0], [_rank(c) for c in words2] + [0]
        number, number2 = int(digits or 0), int(digits2 or 0)
        if (order, number) != (order2, number2):
            return 1 if (order, number) > (order2, number2) else -1
    return 0


def _runs(text: str) -> list[tuple[str, str]]:
    return [(words, digits) for words, digits in re.findall(r"([^0-9]*)([0-9]*)", text) if words or digits]


def _rank(character: str) -> int:
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256


def _compare_rpm(one: str, other: str) -> int:
    """Segment by segment: ~ before everything, ^ after the end only, numbers after letters."""
    for piece, piece2 in zip_longest(_segments(one), _segments(other), fillvalue=""):
        ranks = (_segment_rank(piece), _segment_rank(piece2))
        if ranks[0] != ranks[1]:
            return 1 if ranks[0] > ranks[1] else -1
        # Of one rank: both are numbers, or neither is.
        order = int(piece) - int(piece2) if piece.isdigit() else (piece > piece2) - (piece < piece2)
        if order:
            return 1 if order > 0 else -1
    return 0


def _segments(text: str) -> list[str]:
    return re.findall(r"[0-9]+|[A-Za-z]+|~|\^", text)


def _segment_rank(piece: str) -> int:
    if piece in ("~", "", "^"):
        return {"~": 0, "": 1, "^": 2}[piece]
    return 4 if piece.isdigit() else 3

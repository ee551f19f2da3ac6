"""Kinds of network interfaces that tests make, and that the kernel of this slave does not have.

A container has interfaces of its own, of every kind that the slave's kernel knows. A test that fails on a slave whose
kernel lacks one says nothing of the package.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ..install.root import Root
from ..report import Case
from ..status import Status

# `ip link add NAME type KIND …`
_MADE = re.compile(r"\blink\s+add\b[^\n;&|]*?\btype\s+([a-z0-9_]+)")
# ip's word for a kind that the kernel does not know.
_UNKNOWN = "Unknown device type"
# What is read of the tests: files, and bytes of each.
_FILES, _SIZE = 1000, 256 * 1024


def lacking(root: Root, tree: Path) -> tuple[str, ...]:
    """The kinds that the tests in ``tree`` make, and ``root``'s kernel does not."""
    kinds = sorted({kind for text in _texts(tree / "debian/tests") for kind in _MADE.findall(text)})
    return tuple(kind for kind in kinds if _UNKNOWN in root.run("ip", "link", "add", "pkgci0", "type", kind).text)


def excused(cases: Iterable[Case], kinds: tuple[str, ...]) -> list[Case]:
    """``cases``, of which those that failed are skipped where the kernel lacks ``kinds``."""
    if not kinds:
        return list(cases)
    why = f"this slave's kernel has no network interfaces of the type {', '.join(kinds)}, which the tests make"
    return [
        replace(case, status=Status.SKIPPED, message=f"{why}: {case.message}") if case.status is Status.FAILED else case
        for case in cases
    ]


def _texts(folder: Path) -> Iterator[str]:
    """The files below ``folder``, which are the change's own: no link is followed."""
    names = (Path(above, name) for above, _, files in os.walk(folder) for name in sorted(files))
    for path in islice(names, _FILES):
        try:
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                yield file.read(_SIZE).decode(errors="replace")
        except OSError:
            continue

"""The next release of a package: nothing but another version."""

from __future__ import annotations

import re
from pathlib import Path

_TOP = re.compile(r"^(\S+) \((\S+)\) (.*)$", re.MULTILINE)
_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")


def next_release(tree: Path) -> None:
    """Adds an entry to debian/changelog in ``tree``, whose version is the next one."""
    path = tree / "debian/changelog"
    text = path.read_text()
    top = _TOP.match(text)
    if top is None:
        raise ValueError(f"{path} does not begin with an entry")
    signed = next(line for line in text.splitlines() if line.startswith(" -- "))
    path.write_text(f"{top[1]} ({after(top[2])}) {top[3]}\n\n  * Another release.\n\n{signed}\n\n{text}")


def after(version: str) -> str:
    """The version that comes next: of its last number, the next one."""
    return _LAST_NUMBER.sub(lambda found: str(int(found[0]) + 1), version, count=1)

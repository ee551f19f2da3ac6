"""The next release of a package: nothing but another version."""

from __future__ import annotations

import re
from pathlib import Path

_TOP = re.compile(r"^(\S+) \((\S+)\) (.*)$", re.MULTILINE)
_RELEASE = re.compile(r"^(Release:\s*)(\d+)", re.MULTILINE)
_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")


def next_release(tree: Path) -> None:
    """Gives the package of ``tree`` the next version: by an entry in debian/changelog, or its spec's release."""
    for spec in tree.glob("*.spec"):
        text = spec.read_text()
        spec.write_text(_RELEASE.sub(lambda found: f"{found[1]}{int(found[2]) + 1}", text, count=1) + "# Again.\n")
        return
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

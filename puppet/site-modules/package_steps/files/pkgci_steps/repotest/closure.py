"""What of a distribution can matter to a few packages: all that they may come to need, whichever alternative is taken.

Whether a package can be installed is said by what its dependencies lead to. A package that none of them leads to
excludes nothing that is needed: it is left out. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# The name at the beginning of each alternative of each dependency, without its architecture.
_NAME = re.compile(rb"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]*)")

# A field, with the lines that it goes on in.
_FIELDS = {
    name: re.compile(rb"^" + name + rb":(.*(?:\n[ \t].*)*)", re.MULTILINE)
    for name in (b"Package", b"Provides", b"Depends", b"Pre-Depends")
}


def needed(lists: bytes, wanted: Iterable[bytes], without: frozenset[bytes]) -> list[bytes]:
    """The stanzas of ``lists`` (Packages files) that the stanzas ``wanted`` lead to, but for packages ``without``.

    What provides a name counts like what is called so, in ``wanted`` too.
    """
    packages: dict[bytes, list[bytes]] = {}
    for stanza in lists.split(b"\n\n"):
        for name in _names(stanza):
            packages.setdefault(name, []).append(stanza)
    found: dict[bytes, None] = {}
    seen: set[bytes] = set()
    todo = list(wanted)
    while todo:
        for name in _needs(todo.pop()):
            if name in seen:
                continue
            seen.add(name)
            for stanza in packages.get(name, ()):
                if stanza not in found and next(_names(stanza)) not in without:
                    found[stanza] = None
                    todo.append(stanza)
    return list(found)


def _names(stanza: bytes) -> Iterator[bytes]:
    """What a package is called, and then what it provides."""
    yield _field(stanza, b"Package")
    # Few packages have it, and there are many packages.
    if b"\nProvides:" in stanza:
        yield from _NAME.findall(_field(stanza, b"Provides"))


def _needs(stanza: bytes) -> Iterator[bytes]:
    for field in (b"Depends", b"Pre-Depends"):
        yield from _NAME.findall(_field(stanza, field))


def _field(stanza: bytes, name: bytes) -> bytes:
    found = _FIELDS[name].search(stanza)
    return found[1].strip() if found else b""

"""How two sets of text files differ, to be read by people."""

from __future__ import annotations

import difflib
from collections.abc import Iterator


def differences(old: dict[str, str], new: dict[str, str], *, old_name: str, new_name: str) -> Iterator[str]:
    """A unified diff of the files of ``old`` and ``new``, in the order of their names, line by line."""
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name, ""), new.get(name, "")
        if before != after:
            yield from difflib.unified_diff(
                before.splitlines(),
                after.splitlines(),
                f"{old_name}/{name}" if name in old else "/dev/null",
                f"{new_name}/{name}" if name in new else "/dev/null",
                lineterm="",
            )

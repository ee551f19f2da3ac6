"""The release of a spec file, and the mark of a build that is none. Only a preamble's own lines are touched."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..status import Ended, Status

_RELEASE = re.compile(r"^(\s*Release\s*:\s*)(\S.*?)(\s*)$", re.IGNORECASE)
# What ends a preamble (rpm-spec(5)); %package begins one of another package.
_SECTION = re.compile(
    r"^%(package|description|sourcelist|patchlist|prep|generate_buildrequires|conf|build|install|check|clean|files|"
    r"changelog|verifyscript|sepolicy|(?:pre|post)(?:un)?(?:trans)?|(?:trans)?(?:file)?trigger(?:pre|post)?(?:in|un)?|end)"
    r"(?=\s|$)",
    re.IGNORECASE,
)
# A macro without braces takes what follows it for its arguments.
_BARE = re.compile(r"%(?![{%])")


def with_suffix(text: str, suffix: str) -> str:
    """The spec with ``suffix`` at the end of each package's release. Raises ``Ended`` (failed) where it has none."""
    changed, count = [], 0
    for line, is_tag in _lines(text):
        found = _RELEASE.match(line) if is_tag else None
        if found:
            count += 1
            start, value, end = found.groups()
            line = f"{start}{f'%{{expand:{value}}}' if _BARE.search(value) else value}{suffix}{end}"
        changed.append(line)
    if not count:
        raise Ended(Status.FAILED, "the spec file has no line 'Release: …' before its first section")
    return "".join(changed) if suffix else text


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it may be a tag: one of a preamble, and no part of a macro of several lines."""
    in_preamble, macro = True, ""
    for line in text.splitlines(keepends=True):
        is_first = not macro
        if is_first and (section := _SECTION.match(line)):
            in_preamble = section[1].lower() == "package"
        yield line, is_first and in_preamble
        macro += line
        if not (in_preamble and _goes_on(macro)):
            macro = ""


def _goes_on(text: str) -> bool:
    """Whether a macro that begins in ``text`` ends in a later line."""
    if text.rstrip("\n").endswith("\\"):
        return True
    return any(f"%{opened}" in text and text.count(opened) > text.count(closed) for opened, closed in ("{}", "()"))

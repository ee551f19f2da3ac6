"""A site file with other servers in its lab: everything else stays as it was written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml


def with_lab(text: str, chosen: Mapping[str, Any]) -> str:
    """The site file ``text`` with ``chosen`` in its `lab:`, less what is None there. The rest of `lab:` stays."""
    data = yaml.safe_load(text)
    lab = {**(data.get("lab") or {}), **chosen}
    lab = {name: value for name, value in lab.items() if value is not None}
    wanted = {**data, "lab": lab}
    edited = _edited(text, yaml.safe_dump(lab, default_flow_style=True, width=10_000, allow_unicode=True).strip())
    # Where `lab:` is an alias, or merged, its place in the text is not its own.
    return edited if _says(edited, wanted) else yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True)


def _says(text: str, wanted: Any) -> bool:
    try:
        return bool(yaml.safe_load(text) == wanted)
    except yaml.YAMLError:
        return False


def _edited(text: str, lab: str) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "lab":
            begin, end = key.start_mark.index, value.end_mark.index
            # An alias is where its anchor is, which may be above.
            return f"{text[:begin]}lab: {lab}{_after(text[begin:end])}{text[end:]}" if begin < end else ""
    return f"{text.rstrip()}\nlab: {lab}\n"


def _after(old: str) -> str:
    """The end of the old text that is not its own: YAML counts what follows a block, up to the next key, to it."""
    lines = old.splitlines(keepends=True)
    own = len(lines)
    while own > 1 and (not lines[own - 1].strip() or lines[own - 1].startswith("#")):
        own -= 1
    return ("\n" if lines[own - 1].endswith("\n") else "") + "".join(lines[own:])

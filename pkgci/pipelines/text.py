"""YAML as people write it: blocks, indented lists, single quotes."""

from __future__ import annotations

from typing import Any

import yaml

from pkgci.render.values import to_yaml


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def represent_str(self, data: str) -> yaml.ScalarNode:
        # Within single quotes, empty lines are part of the text: who joins pieces of a layout must not see them.
        style = '"' if "\n\n" in data else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(str, _Dumper.represent_str)


def dump(data: Any) -> str:
    """``data`` as a YAML block, in its own order, without aliases."""
    text: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=110
    )
    return text


def quoted(text: str) -> str:
    """``text`` as one YAML value. In single quotes a backslash is a backslash: patterns stay readable."""
    if all(character.isprintable() for character in text):
        return "'" + text.replace("'", "''") + "'"
    return to_yaml(text)

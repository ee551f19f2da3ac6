"""What upstream's own release would add to its files, so that they know their version without git: a Python sdist's."""

from __future__ import annotations

import configparser
import os
import re
from dataclasses import replace

from ..git import Entry, Tree
from .version import Version

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?"
# The name in pyproject.toml's table [project], where Python 3.10 has nothing to read it with.
_PROJECT = re.compile(
    rf"^\[project\][ \t]*(?:#.*)?\n(?:(?!\[).*\n)*?name[ \t]*=[ \t]*['\"]({_NAME})['\"]", re.MULTILINE
)


def with_metadata(tree: Tree, version: Version) -> Tree:
    """``tree`` with PKG-INFO and the list of its files, as pbr and setuptools look for; as it is for no Python project.

    A file of upstream's own is never replaced.
    """
    name = python_name(tree)
    if not name:
        return tree
    folder = f"{name.replace('-', '_')}.egg-info"
    paths = sorted(os.fsdecode(entry.path) for entry in tree.outside(b""))
    added = {"PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version.python}\n"}
    # With sources in src/ the list would belong there, beside the packages that it is of.
    if not any(path.startswith("src/") for path in paths):
        added[f"{folder}/SOURCES.txt"] = "".join(f"{path}\n" for path in paths if path.isprintable())
    entries = list(tree.entries)
    for path, text in added.items():
        top = path.partition("/")[0].encode()
        if any(entry.path.partition(b"/")[0] == top for entry in tree.entries):
            continue
        file = tree.folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, errors="surrogateescape")
        entries.append(Entry("100644", path.encode()))
    return replace(tree, entries=tuple(sorted(entries, key=lambda entry: entry.path)))


def python_name(tree: Tree) -> str:
    """What Python calls the project of ``tree``; '' where it says no name."""
    if found := _PROJECT.search(tree.text("pyproject.toml") or ""):
        return found[1]
    settings = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        settings.read_string(tree.text("setup.cfg") or "")
    except configparser.Error:
        return ""
    name = settings.get("metadata", "name", fallback="").strip()
    return name if re.fullmatch(_NAME, name) else ""

"""What an earlier run wrote of hosts' data into a folder: found by a mark, whatever else is in the folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from pkgci.model.site import Host, Site

HIERARCHY = "hiera.yaml"
_DATA = "data"


def mark(site: Site, host: str) -> str:
    """The first line of each host's hiera.yaml."""
    return f"# Made by pkgci from the site {site.name} for the host {host}.\n"


def earlier_files(folder: Path, site: Site, selected: tuple[Host, ...]) -> Iterator[str]:
    """The files below ``folder`` that pkgci wrote of the hosts ``selected``, and of hosts that ``site`` has no more."""
    others = {host.name for host in site.hosts} - {host.name for host in selected}
    for file in sorted(folder.glob(f"*/{HIERARCHY}")):
        name = file.parent.name
        if name in others:
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if text.startswith(mark(site, name)):
            yield f"{name}/{HIERARCHY}"
            yield from (f"{name}/{_DATA}/{layer}" for layer in _layers(text))


def _layers(text: str) -> Iterator[str]:
    """The files below ``data/`` that a hiera.yaml names."""
    try:
        hierarchy: Any = yaml.safe_load(text)
        levels = [
            level for level in hierarchy["hierarchy"] if level.get("datadir", _default_folder(hierarchy)) == _DATA
        ]
        named = [path for level in levels for path in (level.get("path"), *level.get("paths", ()))]
    except (yaml.YAMLError, LookupError, TypeError, AttributeError):
        return
    for path in named:
        if isinstance(path, str) and not {"..", "/"} & set(PurePosixPath(path).parts):
            yield path


def _default_folder(hierarchy: Any) -> object:
    return (hierarchy.get("defaults") or {}).get("datadir", _DATA)
